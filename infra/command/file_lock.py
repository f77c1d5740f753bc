"""Locks a file, so that one command at a time does something; the next one waits and says so."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def exclusive_lock(lock: Path, message: str) -> Iterator[None]:
    """Hold a lock until the block ends. The kernel releases the lock of a process that is killed.

    Args:
        lock: a file used for nothing else.
        message: printed once if another process holds the lock.
    """
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(message, flush=True)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
