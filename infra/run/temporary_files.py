"""TemporaryFiles: files that get their final names when they are whole, and what killed processes left of them.

They are in `.store/`. A file system links and renames only its own files, and a folder such as `receipts/` may be on
another one: a symbolic link, or a mount point. There, the temporary file is beside its target, and `.store/` has a
record with its name, which is written first and removed last.

The methods are synchronous and raise OSError.
"""

import os
import re
from collections.abc import Buffer
from contextlib import suppress

from infra.run.file_names import OWN_FOLDER, TEMPORARY_SUFFIX, make_temporary_name
from infra.run.open_files import read_all, write_all

FILE_MODE = 0o666  # less the umask of the user
_RECORD_SUFFIX = ".elsewhere"
_MAX_NAME = 65_536
_BESIDE = re.compile(rb"[^\0]+/\.[0-9a-f]+\.part")


class TemporaryFiles:
    """The temporary files of a folder, by their names relative to it.

    Attributes:
        root: the descriptor of the folder.
    """

    def __init__(self, root: int) -> None:
        """Use a folder that has `.store/`."""
        self.root = root
        self._elsewhere: set[str] = set()

    def put_beside(self, parent: str) -> None:
        """Write temporary files for targets in a folder beside them from now on."""
        self._elsewhere.add(parent)

    def write(self, body: Buffer, parent: str) -> str:
        """Write a temporary file for a target in the folder `parent`, and return its name."""
        name = make_temporary_name()
        is_elsewhere = parent in self._elsewhere
        if is_elsewhere:
            name = f"{parent}/.{name.rpartition('/')[2]}"
        try:
            if is_elsewhere:
                self._write(_record_of(name), os.fsencode(name))
            self._write(name, body)
        except BaseException:
            self.remove(name)
            raise
        return name

    def remove(self, name: str) -> None:
        """Remove a temporary file, if it still has this name, and its record."""
        self._unlink(name)
        self.remove_record(name)

    def remove_record(self, name: str) -> None:
        """Remove the record of a temporary file, which has its final name now."""
        if not name.startswith(OWN_FOLDER):
            self._unlink(_record_of(name))

    def remove_all(self) -> int:
        """Remove the files of all processes, and return their number."""
        own = os.open(OWN_FOLDER, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=self.root)
        try:
            with os.scandir(own) as entries:
                found = [f"{OWN_FOLDER}/{entry.name}" for entry in entries]
        finally:
            os.close(own)
        files = [name for name in found if name.endswith(TEMPORARY_SUFFIX)]
        records = [name for name in found if name.endswith(_RECORD_SUFFIX)]
        for name in files:
            self._unlink(name)
        for name in records:
            self._remove_recorded(name)
        return len(files) + len(records)

    def _remove_recorded(self, record: str) -> None:
        """Remove the file that a record names, and the record. A record may be empty, and its file not written yet."""
        file = os.open(record, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK, dir_fd=self.root)
        try:
            name = read_all(file, _MAX_NAME)
        finally:
            os.close(file)
        if _BESIDE.fullmatch(name):
            self._unlink(os.fsdecode(name))
        self._unlink(record)

    def _write(self, name: str, body: Buffer) -> None:
        file = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE, dir_fd=self.root)
        try:
            write_all(file, body)
        finally:
            os.close(file)  # some file systems say only now that they are full

    def _unlink(self, name: str) -> None:
        with suppress(FileNotFoundError):
            os.unlink(name, dir_fd=self.root)


def _record_of(name: str) -> str:
    return f"{OWN_FOLDER}/{name.rpartition('/')[2].strip('.').removesuffix(TEMPORARY_SUFFIX)}{_RECORD_SUFFIX}"
