"""The names of the files in a folder: relative to it, with `/`."""

import os
import re

OWN_FOLDER = ".store"
"""Holds the locks and the temporary files."""

TEMPORARY_SUFFIX = ".part"

_NAME = re.compile(r"(?:[^./\0][^/\0]*/)*[^./\0][^/\0]*")


def check_name(name: str) -> str:
    """Return a name, if it is one.

    Raises:
        ValueError: it is outside of the folder, or in a hidden one. Keys consist of digests and of checked ids, so that
            is a bug.
    """
    if _NAME.fullmatch(name) is None:
        raise ValueError(f"{name!r} is not the name of a file in the folder")
    return name


def parent_of(name: str) -> str:
    """Return the name of the folder that a file or folder is in; `.` is the whole folder."""
    return name.rpartition("/")[0] or "."


def make_temporary_name() -> str:
    """Return a new name for a temporary file."""
    return f"{OWN_FOLDER}/{os.urandom(8).hex()}{TEMPORARY_SUFFIX}"
