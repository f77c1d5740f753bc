"""Pauses garbage collection while modules are imported and long-lived objects are created."""

import gc
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def gc_paused() -> Generator[None]:
    """Pause the garbage collector until the block ends, then exclude all existing objects from collection.

    These objects live as long as the process. Without the exclusion, the collector would scan them again after every
    few thousand new objects.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
