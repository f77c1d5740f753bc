"""AtomicFolder: files of a folder that are written whole or not at all, also by several processes at once.

Names are relative to the folder, with `/`:

* `create` writes a file without a name (O_TMPFILE) and links it to its name. The kernel removes it if the process is
  killed. Where the file system cannot do that, `has_unnamed_files` is False.
* Everything else writes a temporary file and links or renames it (`temporary_files.py`). `remove_leftovers` removes
  what killed processes left.

The methods are synchronous and raise OSError.
"""

import errno
import fcntl
import os
from collections.abc import Buffer, Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from infra.run.file_names import OWN_FOLDER, check_name, make_temporary_name, parent_of
from infra.run.open_files import lock, measure, read_all, write_all
from infra.run.temporary_files import FILE_MODE, TemporaryFiles

_LOCK = f"{OWN_FOLDER}/write.lock"
"""Held while a named temporary file gets its final name, so that what was there can be compared before."""

_IN_USE = f"{OWN_FOLDER}/in-use.lock"
"""All processes that use the folder share it; a process that removes leftovers holds it exclusively."""

_NO_LINKS = frozenset({errno.EPERM, errno.EMLINK, errno.ENOSYS, errno.EOPNOTSUPP})
"""What file systems without hard links answer: vfat EPERM, others EOPNOTSUPP or ENOSYS."""

_NO_UNNAMED_FILES = _NO_LINKS | {errno.EISDIR, errno.EINVAL, errno.ENOENT}
"""The same for O_TMPFILE (open(2), "O_TMPFILE"). ENOENT: /proc is not mounted."""


class AtomicFolder:
    """A folder. Several processes may use it at once."""

    def __init__(self, folder: Path) -> None:
        """Open a folder, and create it if it is missing.

        Raises:
            OSError: it cannot be created or written.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self._root = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._temporary = TemporaryFiles(self._root)
        self._in_use = -1
        self._durable_folders: set[str] = set()
        try:
            self._make_folder(OWN_FOLDER)
            self._in_use = os.open(_IN_USE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE, dir_fd=self._root)
            lock(self._in_use, fcntl.LOCK_SH)
            self.has_unnamed_files = self._try_unnamed_file()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the folder."""
        for descriptor in (self._root, self._in_use):
            if descriptor >= 0:
                os.close(descriptor)
        self._root = self._temporary.root = self._in_use = -1

    def remove_leftovers(self) -> int:
        """Remove the temporary files of killed processes, and return their number.

        Call it before this process writes. While other processes use the folder, it does nothing: a file may be theirs.
        """
        try:
            if not lock(self._in_use, fcntl.LOCK_EX | fcntl.LOCK_NB):
                return 0
            return self._temporary.remove_all()
        except BlockingIOError:
            return 0
        finally:
            lock(self._in_use, fcntl.LOCK_SH)

    def exists(self, name: str) -> bool:
        """Whether there is something under the name."""
        return os.access(check_name(name), os.F_OK, dir_fd=self._root)

    def read(self, name: str, max_bytes: int) -> bytes | None:
        """Return the bytes of a file; None if it is missing.

        Raises:
            OSError: it cannot be read; EFBIG: it has more bytes than `max_bytes`.
        """
        try:
            file = self._open_to_read(name)
        except FileNotFoundError:
            return None
        try:
            size = os.fstat(file).st_size
            if size > max_bytes:
                raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
            return read_all(file, size)
        finally:
            os.close(file)

    def measure(self, name: str) -> tuple[int, str]:
        """Return the size and the SHA-256 of a file of any size."""
        file = self._open_to_read(name)
        try:
            return measure(file)
        finally:
            os.close(file)

    def has_bytes(self, name: str, body: Buffer) -> bool:
        """Whether there is a file under the name with exactly these bytes."""
        expected = bytes(body)  # comparing a memoryview takes 13 times as long
        try:
            file = self._open_to_read(name)
        except FileNotFoundError:
            return False
        try:
            size = os.fstat(file).st_size
            return size == len(expected) and read_all(file, size) == expected
        finally:
            os.close(file)

    def create(self, name: str, body: Buffer) -> bool:
        """Create a file, if there is none. Return whether it was created. It needs `has_unnamed_files`.

        A folder in this one may be on another file system, on which it cannot be created so: then it is not.
        """
        parent = parent_of(check_name(name))
        try:
            return self._link_unnamed_file(parent, name, body)
        except FileNotFoundError:
            self._make_folder(parent)
            return self._link_unnamed_file(parent, name, body)
        except OSError as error:
            if error.errno not in _NO_UNNAMED_FILES:
                raise
            return False

    def write_temporary(self, body: Buffer, name: str) -> str:
        """Write a temporary file for the file `name`; return its own name, for `add`, `replace` or `remove`."""
        parent = parent_of(check_name(name))
        try:
            return self._temporary.write(body, parent)
        except FileNotFoundError:
            self._make_folder(parent)  # where temporary files are beside their targets
            return self._temporary.write(body, parent)

    def put_temporary_files_beside(self, name: str) -> None:
        """Write temporary files beside `name` from now on, which is on another file system (EXDEV)."""
        self._temporary.put_beside(parent_of(name))

    def add(self, temporary: str, name: str) -> bool:
        """Give a temporary file its name, if no file has it. Return whether it has it now. Call it inside `locked`."""
        self._make_parent_of(name)
        try:
            os.link(temporary, name, src_dir_fd=self._root, dst_dir_fd=self._root)
        except FileExistsError:
            return False
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            return not self.exists(name) and self.replace(temporary, name)
        self.remove(temporary)
        return True

    def replace(self, temporary: str, name: str) -> bool:
        """Give a temporary file its final name; replace the file that has it. Return True. Call it inside `locked`."""
        self._make_parent_of(name)
        os.rename(temporary, name, src_dir_fd=self._root, dst_dir_fd=self._root)
        self._temporary.remove_record(temporary)
        return True

    def remove(self, temporary: str) -> None:
        """Remove a temporary file, if it is there."""
        self._temporary.remove(temporary)

    def sync(self, name: str) -> None:
        """Wait until a file is on the disk, or, for the name of a folder, until the names in it are."""
        file = os.open(name, os.O_RDONLY | os.O_CLOEXEC, dir_fd=self._root)
        try:
            os.fsync(file)
        finally:
            os.close(file)

    def sync_names(self, name: str) -> None:
        """Wait until the name of a file is on the disk, and the names of the folders that this process has not seen."""
        parent = parent_of(name)
        self.sync(parent)
        while parent != "." and parent not in self._durable_folders:
            self.sync(parent_of(parent))
            self._durable_folders.add(parent)
            parent = parent_of(parent)

    @contextmanager
    def locked(self) -> Generator[None]:
        """Hold the lock of all processes that write to this folder."""
        # Opened each time: processes that are forked from one another share the locks of descriptors they inherit.
        file = os.open(_LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE, dir_fd=self._root)
        try:
            lock(file, fcntl.LOCK_EX)
            yield
        finally:
            os.close(file)

    def _open_to_read(self, name: str) -> int:
        flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK  # does not wait for the writer of a FIFO
        return os.open(check_name(name), flags, dir_fd=self._root)

    def _make_parent_of(self, name: str) -> None:
        parent = parent_of(check_name(name))
        if not os.access(parent, os.F_OK, dir_fd=self._root):
            self._make_folder(parent)

    def _make_folder(self, name: str) -> None:
        """Create a folder below this one, with its parents. This one is never created again: its files are lost."""
        parts = name.split("/")
        for end in range(1, len(parts) + 1):
            with suppress(FileExistsError):
                os.mkdir("/".join(parts[:end]), dir_fd=self._root)

    def _link_unnamed_file(self, parent: str, name: str, body: Buffer) -> bool:
        file = os.open(parent, os.O_WRONLY | os.O_TMPFILE | os.O_CLOEXEC, FILE_MODE, dir_fd=self._root)
        try:
            write_all(file, body)
            # With a dir_fd, Python calls linkat with AT_SYMLINK_FOLLOW, which links the file behind the symbolic link.
            os.link(f"/proc/self/fd/{file}", name, src_dir_fd=self._root, dst_dir_fd=self._root)
        except FileExistsError:
            return False
        finally:
            os.close(file)
        return True

    def _try_unnamed_file(self) -> bool:
        name = make_temporary_name()
        try:
            self._link_unnamed_file(OWN_FOLDER, name, b"")
        except OSError as error:
            if error.errno not in _NO_UNNAMED_FILES:
                raise
            return False
        self.remove(name)
        return True
