"""SpooledList: the JSON lines of a list in a temporary file, divided into groups that are downloaded together."""

import hashlib
import tempfile
import zlib
from array import array
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from infra.run.folder_errors import folder_errors_named

MAX_GROUP_LINES = 101
"""The images of a File with 100 base images. Larger groups cost more memory, smaller ones more receipts an image."""

MAX_GROUP_BYTES = 256 * 1024
"""Bounds the memory of a group whose lines are long Files."""

MIN_GROUP_LINES = 32
"""A list that repeats one line gets groups of at least this size, except the last one."""

_BOUNDARY_MASK = 63
"""A group ends after a line whose CRC has these bits clear, so one line of 64. Two thirds of the groups end there."""


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
        return group_name(self.number)


def group_name(number: int) -> str:
    """Return the name of a group by its position in the list, from 0."""
    return f"{number:08d}"


class Groups:
    """The groups of a list, in 16 bytes each: ten million lines have about 145,000 groups."""

    def __init__(self) -> None:
        self._ends, self._last_rows = array("Q", [0]), array("Q", [0])

    @property
    def rows(self) -> int:
        """The lines of all groups."""
        return self._last_rows[-1]

    def append(self, size: int, rows: int) -> None:
        """Add the next group of the list, with its bytes and its lines."""
        self._ends.append(self._ends[-1] + size)
        self._last_rows.append(self._last_rows[-1] + rows)

    def __len__(self) -> int:
        """Return the number of groups."""
        return len(self._ends) - 1

    def __iter__(self) -> Iterator[Group]:
        """Yield the groups in the order of the list."""
        for number in range(len(self)):
            offset, row = self._ends[number], self._last_rows[number]
            yield Group(number, offset, self._ends[number + 1] - offset, row + 1, self._last_rows[number + 1] - row)


class SpooledList:
    """A file that JSON lines are written to. It is deleted when the process ends, however it ends.

    Where a group ends depends on the lines themselves. If a line is added to the list, only the groups around it
    change, so that everything else is still known from the last run.

    Attributes:
        groups: the complete groups; `finish` adds the last one.
    """

    def __init__(self, folder: Path) -> None:
        """Create the file in the folder that the images will be stored in.

        Raises:
            CommandError: the file cannot be created.
        """
        self._folder = folder
        self._digest = hashlib.sha256()
        self.groups = Groups()
        self._size = self._rows = 0
        with folder_errors_named(self._folder):
            self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - open as long as this object

    def write(self, line: bytes) -> None:
        """Append one JSON line with its end of line.

        Raises:
            CommandError: the file cannot be written, for example because the disk is full.
        """
        if self._size + len(line) > MAX_GROUP_BYTES:
            self._end_group()
        with folder_errors_named(self._folder):
            self._file.write(line)
        self._digest.update(line)
        self._size += len(line)
        self._rows += 1
        if self._rows >= MIN_GROUP_LINES and (self._rows == MAX_GROUP_LINES or not zlib.crc32(line) & _BOUNDARY_MASK):
            self._end_group()

    def flush(self) -> None:
        """Write what is still in memory.

        Raises:
            CommandError: the file cannot be written.
        """
        with folder_errors_named(self._folder):
            self._file.flush()

    def finish(self) -> None:
        """End the last group.

        Raises:
            CommandError: the file cannot be written.
        """
        self._end_group()
        self.flush()

    def close(self) -> None:
        """Delete the file."""
        with suppress(OSError):  # the rest of the file cannot be written: it is deleted anyway
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
            self.groups.append(self._size, self._rows)
            self._size = self._rows = 0
