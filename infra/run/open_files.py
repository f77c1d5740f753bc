"""Reads, writes and locks files by their descriptors. Every function raises OSError."""

import errno
import fcntl
import hashlib
import os
from collections.abc import Buffer

_NO_LOCKS = frozenset({errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP})
_CHUNK_BYTES = 1 << 18


def lock(file: int, operation: int) -> bool:
    """Lock a file with flock(2). Return False on a file system without locks.

    Raises:
        BlockingIOError: another process has it, and the operation has LOCK_NB.
    """
    try:
        fcntl.flock(file, operation)
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        return False
    return True


def lock_for_process(file: int) -> None:
    """Lock a file, open for writing, with a record lock (fcntl(2)). A file system without locks is used without them.

    Processes that are forked share a lock of `lock`, and hold it as long as they run; they do not have this one.

    Raises:
        BlockingIOError, PermissionError: another process has it.
    """
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise


def read_all(file: int, size: int) -> bytes:
    """Return the bytes from the current position to the end.

    Args:
        file: the descriptor.
        size: how many bytes there should be, to read them at once.
    """
    body = os.read(file, size + 1)
    while chunk := os.read(file, _CHUNK_BYTES):  # a read may return less than there is
        body += chunk
    return body


def write_all(file: int, body: Buffer) -> None:
    """Write all bytes. A full disk takes a part of them first, and raises at the next write."""
    with memoryview(body) as view:
        written = os.write(file, view)
        while written < len(view):
            written += os.write(file, view[written:])


def measure(file: int) -> tuple[int, str]:
    """Return the number of bytes and their SHA-256, 64 hex digits. It needs little memory."""
    digest, size = hashlib.sha256(), 0
    while chunk := os.read(file, _CHUNK_BYTES):
        digest.update(chunk)
        size += len(chunk)
    return size, digest.hexdigest()
