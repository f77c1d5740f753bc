"""File systems that lack something that Linux file systems have, by functions that answer as they do."""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

COMPLETE, NO_UNNAMED_FILES, NO_LINKS, NO_LOCKS = "complete", "no unnamed files", "no links", "no locks"
KINDS = (COMPLETE, NO_UNNAMED_FILES, NO_LINKS, NO_LOCKS)
"""NFS has no O_TMPFILE, vfat no hard links either, and some network file systems have no flock."""

ELSEWHERE = "folders elsewhere"
"""The folders of images and documents are symbolic links to another file system, see `link_folders`."""

_open = os.open


def link_folders(folder: Path, other: Path) -> None:
    """Let the folders of images and documents be on the file system of another folder."""
    folder.mkdir(exist_ok=True)
    for name in ("images", "receipts", "runs"):
        (other / name).mkdir()
        (folder / name).symlink_to(other / name)


def failing(number: int) -> Callable[..., Any]:
    """Return a function that raises the OSError of this number."""

    def fail(*_: Any, **__: Any) -> None:
        raise OSError(number, os.strerror(number))

    return fail


def _open_named(path: str, flags: int, *args: Any, **options: Any) -> int:
    if flags & os.O_TMPFILE == os.O_TMPFILE:
        raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))
    return _open(path, flags, *args, **options)


@contextmanager
def file_system(kind: str) -> Iterator[None]:
    """Let this process see a file system of one of the KINDS."""
    with ExitStack() as stack:
        if kind in {NO_UNNAMED_FILES, NO_LINKS}:
            stack.enter_context(patch("os.open", _open_named))
        if kind == NO_LINKS:
            stack.enter_context(patch("os.link", failing(errno.EPERM)))
        if kind == NO_LOCKS:
            stack.enter_context(patch("fcntl.flock", failing(errno.ENOLCK)))
        yield
