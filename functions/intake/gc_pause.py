"""Pauses garbage collection while modules are imported and long-lived objects are made."""

import gc
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def gc_paused() -> Generator[None]:
    """Pause the garbage collector, then exclude from it all objects that exist.

    These objects live as long as the process. Otherwise the collector would scan them again after every few thousand
    new objects.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
