"""The doors, one file each: an event in, an answer out."""

from importlib import import_module

from intake.start import uncollected

with uncollected():
    import_module("intake.runtime")
