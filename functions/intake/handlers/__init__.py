"""One module for each Lambda function: an event in, a response out."""

from intake import app as app  # first: it pauses the garbage collector while everything is imported
