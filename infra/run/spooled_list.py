"""SpooledList: the JSON lines of a list in a temporary file, divided into groups that are downloaded together."""

import hashlib
import tempfile
import zlib
from pathlib import Path
from typing import NamedTuple

MAX_GROUP_LINES = 101
"""The images of a File with 100 base images. Larger groups cost more memory, smaller ones more receipts an image."""

MAX_GROUP_BYTES = 256 * 1024
"""Bounds the memory of a group whose lines are long Files."""

_BOUNDARY_MASK = 127
"""A group ends after a line whose CRC has these bits clear, so one line of 128."""


class Group(NamedTuple):
    """Lines of a list that are downloaded together.

    Attributes:
        number: the position of the group in the list, from 0.
        offset: the position of its first byte in the temporary file.
        size: its number of bytes.
        first_row: the number of its first line, from 1.
        rows: its number of lines.
    """

    number: int
    offset: int
    size: int
    first_row: int
    rows: int

    @property
    def name(self) -> str:
        """The name of the group in the folder of the run; names have the order of the list."""
        return f"{self.number:08d}"


class SpooledList:
    """A file that JSON lines are written to. It is deleted when the process ends, however it ends.

    Where a group ends depends on the lines themselves. If a line is added to the list, only the groups around it
    change, so that everything else is still known from the last run.

    Attributes:
        groups: the complete groups; `finish` adds the last one.
    """

    def __init__(self, folder: Path) -> None:
        """Create the file in a folder, which has room for the images anyway.

        Raises:
            OSError: the file cannot be created.
        """
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - open as long as this object
        self._digest = hashlib.sha256()
        self.groups: list[Group] = []
        self._offset = self._size = self._rows = self._row = 0

    def write(self, line: bytes) -> None:
        """Append one JSON line with its end of line."""
        if self._size + len(line) > MAX_GROUP_BYTES:
            self._end_group()
        self._file.write(line)
        self._digest.update(line)
        self._size += len(line)
        self._rows += 1
        if self._rows == MAX_GROUP_LINES or not zlib.crc32(line) & _BOUNDARY_MASK:
            self._end_group()

    def flush(self) -> None:
        """Write what is still in memory."""
        self._file.flush()

    def finish(self) -> None:
        """End the last group."""
        self._end_group()
        self.flush()

    def close(self) -> None:
        """Delete the file."""
        self._file.close()

    @property
    def digest(self) -> str:
        """SHA-256 of all lines, 64 hex digits."""
        return self._digest.hexdigest()

    def fileno(self) -> int:
        """The descriptor of the file, which processes that are forked later can read with `os.pread`."""
        return self._file.fileno()

    def _end_group(self) -> None:
        if self._rows:
            self.groups.append(Group(len(self.groups), self._offset, self._size, self._row + 1, self._rows))
            self._offset += self._size
            self._row += self._rows
            self._size = self._rows = 0
