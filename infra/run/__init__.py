"""`make run`: download a list of images into a folder of this machine, with the service itself and without AWS."""
