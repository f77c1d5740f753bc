"""What only one command at a time may do in this directory: the next one waits, and says so."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def alone(lock: Path, waiting: str) -> Iterator[None]:
    """Hold a lock until the block is left; the kernel lets go of it, too, when the process ends in whatever way.

    Args:
        lock: a file for nothing else.
        waiting: what is said, once, where another process holds it.
    """
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("a") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(waiting, flush=True)
            fcntl.flock(held, fcntl.LOCK_EX)
        yield
