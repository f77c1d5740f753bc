"""`make run`: download a list of images into a folder of this machine, with the service itself and without AWS."""

from intake import app as app  # first, because it pauses the garbage collector while everything is imported
