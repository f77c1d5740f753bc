"""The doors, one file each: an event in, an answer out."""

import os
from importlib import import_module

from intake.gc_pause import uncollected

with uncollected():
    runtime = import_module("intake.app")

# On Lambda, a function that cannot work says so when it starts, with every fault of its settings, not at its events.
if "AWS_LAMBDA_RUNTIME_API" in os.environ:
    runtime.config()
