"""What the start of an environment is spared."""

import gc
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def gc_paused() -> Generator[None]:
    """Keep Python's collector of garbage away from what is imported and made once.

    All of it stays, and at every few thousand objects the collector would look through it again, now and later.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
