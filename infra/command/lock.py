"""A lock file: one command at a time does a thing in this directory; the next one waits and says so."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def exclusive_lock(lock: Path, message: str) -> Iterator[None]:
    """Hold a lock until the block ends. The kernel releases it when the process dies, however that happens.

    Args:
        lock: a file used for nothing else.
        message: printed once if another process holds the lock.
    """
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("a") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(message, flush=True)
            fcntl.flock(held, fcntl.LOCK_EX)
        yield
