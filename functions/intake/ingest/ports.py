"""What the use case needs from the outside world, as protocols. `download`, `s3` and `telemetry` implement them."""

from collections.abc import AsyncGenerator, Buffer, Sequence
from dataclasses import dataclass
from typing import Protocol, Self

from intake.ingest.deadline import Deadline
from intake.model.errors import IntakeError
from intake.model.file import File
from intake.model.image_info import ImageInfo
from intake.model.outcome import FetchStats, Outcome
from intake.model.receipt import Receipt
from intake.model.url import Url


class Lease(Protocol):
    """A share of limited resources."""

    def release(self) -> None:
        """Return the share. Calling it again does nothing."""
        ...


@dataclass(slots=True)
class Download:
    """A body that HTTP delivered whole. It holds a share of the memory budget until the context is left.

    Attributes:
        body: the bytes.
        sha256: their digest, 64 hex digits in lower case.
        final_url: the URL that answered, after all redirects.
        lease: the memory and the slot that the body holds.
    """

    body: memoryview
    sha256: str
    final_url: Url
    lease: Lease

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.lease.release()


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A document in the store, or a piece of it.

    Attributes:
        body: the bytes.
        version: identifies what is stored under the key; another write has another version.
    """

    body: bytes
    version: str


class Downloader(Protocol):
    """Downloads from origins that may be hostile."""

    async def download(self, url: Url, stats: FetchStats, deadline: Deadline) -> Download:
        """Download one URL: attempts, redirects, limits.

        Args:
            url: the URL to download.
            stats: updated with every attempt, so that a cancelled download can be reported too.
            deadline: of the File; no retry waits beyond it.

        Raises:
            IntakeError: why the image cannot be had.
        """
        ...


class Store(Protocol):
    """Stores images once, and documents (receipts, problems, reports) as last written."""

    async def put_image(self, key: str, image: ImageInfo, body: Buffer, sha256: str) -> bool:
        """Store bytes under the key of their digest.

        Returns:
            Whether they were stored already.

        Raises:
            StoreFailed, StoreDenied: they are not stored.
        """
        ...

    async def put_document(self, key: str, document: bytes) -> None:
        """Store a JSON document; replace an earlier one.

        Raises:
            StoreFailed, StoreDenied: it is not stored.
        """
        ...

    async def replace_document(self, key: str, document: bytes, version: str | None) -> bool:
        """Store a JSON document only where the key still has the given version.

        Args:
            key: the key of the document.
            document: the bytes.
            version: the version that is expected there; None expects no document.

        Returns:
            Whether it was stored. False means that another version is there. It may be this very document: where
            a call was repeated, the response to the first one may have been lost.

        Raises:
            StoreFailed, StoreDenied: it is not stored.
        """
        ...

    async def get_document(self, key: str) -> StoredDocument | None:
        """Return a document, or None where there is none.

        Raises:
            StoreFailed, StoreDenied: the store cannot tell.
        """
        ...


class Observer(Protocol):
    """Logs and counts what happens. Its methods must not raise."""

    def images_done(self, file: File, outcomes: Sequence[Outcome]) -> None:
        """All images of a File are done; the outcomes have the order of the images."""
        ...

    def file_done(self, receipt: Receipt, receipt_error: IntakeError | None) -> None:
        """A File is done. `receipt_error` says why its receipt is not stored, or is None."""
        ...

    def file_skipped(self, file: File) -> None:
        """No time was left to start a File; it has no receipt."""
        ...


class Inbox(Protocol):
    """Holds manifests."""

    def read(self, key: str, version: str | None = None) -> AsyncGenerator[StoredDocument]:
        """Read a manifest in pieces; a missing manifest yields none.

        Args:
            key: the key of the manifest.
            version: the version to read; None reads the current one.

        Raises:
            StoreFailed, StoreDenied: it cannot be read, or another version is there now.
        """
        ...

    async def put(self, key: str, document: bytes) -> None:
        """Store a manifest; replace an earlier one.

        Raises:
            StoreFailed, StoreDenied: it is not stored.
        """
        ...

    async def version(self, key: str) -> str | None:
        """Return the current version of a manifest, or None where there is none.

        Raises:
            StoreFailed, StoreDenied: the inbox cannot tell.
        """
        ...
