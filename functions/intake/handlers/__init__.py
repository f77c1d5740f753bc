"""The entry points, one module for each Lambda function: an event in, Files ingested, a response out."""

from intake import app as app  # first, because it pauses the garbage collector while everything is imported
