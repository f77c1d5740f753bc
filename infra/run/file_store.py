"""Implements the Store port with a folder: each key is the name of a file, relative to it."""

import asyncio
import errno
import hashlib
import sys
from collections.abc import Buffer, Callable
from functools import cached_property
from pathlib import Path

from infra.run.atomic_folder import AtomicFolder
from intake.image.formats import FORMATS
from intake.image.verify import verify
from intake.ingest.ports import DocumentTooLarge, StoredDocument, StoredObject
from intake.model.error_codes import IntakeError, StoreFailed
from intake.model.image_info import ImageInfo
from intake.model.limits import MIB, Limits
from intake.model.object_keys import parse_image_key

_MAX_DOCUMENT_BYTES = 16 * MIB
_MAX_DOCUMENT_BYTES_ONCE = MIB
"""The same for a read that only saves work. Both are those of S3Store."""

_MAX_BLOCKING_BYTES = MIB
"""A file with more bytes is read in a thread. Reading and hashing 1 MiB takes half a millisecond."""

_ANY_IMAGE = Limits(image_types=tuple(FORMATS), max_image_pixels=sys.maxsize, max_image_frames=sys.maxsize)
"""A stored image was within the limits of its time. Whether it is within those of today is checked by the caller."""

_OTHER_FAULTS = frozenset({errno.EFBIG, errno.EMFILE, errno.ENAMETOOLONG, errno.ENFILE, errno.ENOMEM})
"""Errors of this process or of one file, not of the folder: the next file may be stored."""


class StoredFile(StoredObject):
    """An image in the folder. Its facts are parsed when they are asked for: most callers need only the size."""

    _extension: str
    _read: Callable[[], bytes | None]

    def __init__(self, size: int, extension: str, read: Callable[[], bytes | None]) -> None:
        """Describe a complete file.

        Args:
            size: its bytes.
            extension: the extension of its key, without the dot.
            read: returns the bytes.
        """
        object.__setattr__(self, "size", size)
        object.__setattr__(self, "_extension", extension)
        object.__setattr__(self, "_read", read)

    @cached_property
    def image(self) -> ImageInfo | None:
        """Its facts; None if it is no image, or one of another type than its key says."""
        try:
            body = self._read()
            image = None if body is None else verify(body, _ANY_IMAGE, len(body))
        except (OSError, IntakeError):
            return None
        return image if image is not None and image.extension == self._extension else None


class FileStore:
    """Stores each image once, and the last version of each document, in a folder that several processes may use.

    An image that is there already is compared byte by byte; a damaged one is replaced.

    Attributes:
        fault: the first error by which the folder can store nothing more, such as a full disk, with the key as its file
            name; None before.
    """

    is_ready = True

    def __init__(self, folder: Path, *, fsync: bool = False) -> None:
        """Open a folder, and create it if it is missing.

        Args:
            folder: the folder.
            fsync: whether to wait until each file is on the disk. Without it, a crash of the machine (not of the
                process) may damage or lose the files of the last seconds; they are then stored again.

        Raises:
            OSError: the folder cannot be created or written.
        """
        self._folder = AtomicFolder(folder)
        self._fsync = fsync
        self._is_fast = self._folder.has_unnamed_files and not fsync
        self.fault: OSError | None = None

    async def aclose(self) -> None:
        """Close the folder."""
        self._folder.close()

    def remove_leftovers(self) -> int:
        """Remove the temporary files of killed processes; see `AtomicFolder.remove_leftovers`."""
        return self._folder.remove_leftovers()

    async def find_image(self, key: str) -> StoredObject | None:
        """See `Store.find_image`. It reads the file, and compares its SHA-256 with that in the key."""
        digest_and_extension = parse_image_key(key)
        if digest_and_extension is None:
            return None
        expected, extension = digest_and_extension
        try:
            found, digest = await self._read_image(key, extension)
        except OSError:
            return None
        return found if digest == expected else None

    async def put_image(self, key: str, image: ImageInfo, body: Buffer, sha256: str) -> bool:  # noqa: ARG002 - the port's
        """See `Store.put_image`. The facts of the image are not stored: they are in its bytes."""
        folder = self._folder
        try:
            if self._is_fast and folder.create(key, body):
                return False
            if not folder.has_bytes(key, body) and await self._write(
                key, body, lambda temporary: self._place_image(temporary, key, body)
            ):
                return False
            if self._fsync:  # another process may have stored it without waiting
                await asyncio.to_thread(folder.sync, key)
                await asyncio.to_thread(folder.sync_names, key)
        except OSError as error:
            raise self._to_failure(error, key) from error
        return True

    async def put_document(self, key: str, document: bytes, *, retry: bool = True) -> None:  # noqa: ARG002 - the port's
        """See `Store.put_document`."""
        try:
            await self._write(key, document, lambda temporary: self._folder.replace(temporary, key))
        except OSError as error:
            raise self._to_failure(error, key) from error

    async def replace_document(self, key: str, document: bytes, version: str | None, *, retry: bool = True) -> bool:  # noqa: ARG002 - the port's
        """See `Store.replace_document`; the version is a digest of the bytes, as an ETag is."""
        try:
            return await self._write(key, document, lambda temporary: self._place_document(temporary, key, version))
        except OSError as error:
            raise self._to_failure(error, key) from error

    async def get_document(self, key: str, *, retry: bool = True) -> StoredDocument | None:
        """See `Store.get_document`."""
        try:
            body = self._folder.read(key, _MAX_DOCUMENT_BYTES if retry else _MAX_DOCUMENT_BYTES_ONCE)
        except OSError as error:
            if error.errno == errno.EFBIG:
                raise DocumentTooLarge(reason=f"{key}: more bytes than the service reads") from error
            raise self._to_failure(error, key) from error
        return None if body is None else StoredDocument(body, _version_of(body))

    async def _read_image(self, key: str, extension: str) -> tuple[StoredObject | None, str]:
        """Return what is stored, and the digest of its bytes."""
        try:
            body = self._folder.read(key, _MAX_BLOCKING_BYTES)
        except OSError as error:
            if error.errno != errno.EFBIG:
                raise
            size, digest = await asyncio.to_thread(self._folder.measure, key)
            return StoredFile(size, extension, lambda: self._folder.read(key, size)), digest
        if body is None:
            return None, ""
        return StoredFile(len(body), extension, lambda: body), hashlib.sha256(body).hexdigest()

    async def _write(self, key: str, data: Buffer, place: Callable[[str], bool]) -> bool:
        """Write a temporary file, and let `place` give it its final name. Return whether it did."""
        try:
            return await self._write_once(key, data, place)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            self._folder.put_temporary_files_beside(key)
        return await self._write_once(key, data, place)

    async def _write_once(self, key: str, data: Buffer, place: Callable[[str], bool]) -> bool:
        folder = self._folder
        temporary, is_placed = folder.write_temporary(data, key), False
        try:
            if self._fsync:
                await asyncio.to_thread(folder.sync, temporary)
            with folder.locked():  # never held while the event loop runs: it would wait for itself
                is_placed = place(temporary)
        finally:
            if not is_placed:
                folder.remove(temporary)
        if self._fsync and is_placed:
            await asyncio.to_thread(folder.sync_names, key)
        return is_placed

    def _place_image(self, temporary: str, key: str, body: Buffer) -> bool:
        """Place an image, unless another process has stored it meanwhile."""
        if self._folder.add(temporary, key):
            return True
        return not self._folder.has_bytes(key, body) and self._folder.replace(temporary, key)

    def _place_document(self, temporary: str, key: str, version: str | None) -> bool:
        """Place a document, if the key has the expected version."""
        if version is None:
            return self._folder.add(temporary, key)
        found = self._folder.read(key, sys.maxsize)
        return found is not None and _version_of(found) == version and self._folder.replace(temporary, key)

    def _to_failure(self, error: OSError, key: str) -> StoreFailed:
        if self.fault is None and error.errno not in _OTHER_FAULTS:
            self.fault = OSError(error.errno, error.strerror, key)
        message = f"The folder cannot be used: {error.strerror}. Correct this and run the same command again."
        return StoreFailed(message, reason=f"{key}: {error.strerror}")


def _version_of(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
