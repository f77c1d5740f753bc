"""The entry points, one module for each Lambda function: each turns an event into Files and ingests them."""

from intake import app as app  # first, because it pauses the garbage collector while everything is imported
