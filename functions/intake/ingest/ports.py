"""What the use case needs from the world."""

from collections.abc import AsyncGenerator, Buffer, Sequence
from dataclasses import dataclass
from math import inf
from typing import Protocol

from intake.download.memory_budget import Reservation
from intake.model.errors import IntakeError
from intake.model.file import File
from intake.model.image_info import ImageInfo
from intake.model.outcome import FetchStats, Outcome
from intake.model.receipt import Receipt
from intake.model.url import Url


@dataclass(frozen=True, slots=True)
class Download:
    """A body that arrived whole, as far as HTTP can tell.

    Attributes:
        body: the bytes.
        sha256: their digest, 64 hex digits in lower case.
        final_url: where they came from after all redirects.
    """

    body: memoryview
    sha256: str
    final_url: Url


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A document as it is kept, or a piece of it.

    Attributes:
        body: the bytes.
        version: by which the store knows them from those that stood there before, or will.
    """

    body: bytes
    version: str


class Downloader(Protocol):
    """Downloads from origins that may be hostile."""

    async def fetch(self, url: Url, reservation: Reservation, effort: FetchStats, end: float = inf) -> Download:
        """Download one URL.

        Args:
            url: what to download.
            reservation: has a turn while the origin is asked, and the memory for the body from before it is read;
                the caller releases both.
            effort: is told of every attempt, and of the time.
            end: when the File's time is over, on the loop's clock: no wait is begun that would outlast it.

        Raises:
            IntakeError: why it cannot be had.
        """
        ...


class Store(Protocol):
    """Keeps images once and documents (receipts, problems, reports) as they last were."""

    async def put_image(self, key: str, image: ImageInfo, body: Buffer, sha256: str) -> bool:
        """Store bytes under the key of their digest.

        Returns:
            Whether they were there already.

        Raises:
            StoreFailed, StoreDenied: they are not there.
        """
        ...

    async def put_document(self, key: str, document: bytes) -> None:
        """Store a JSON document, in place of an earlier one.

        Raises:
            StoreFailed, StoreDenied: it is not there.
        """
        ...

    async def replace_document(self, key: str, document: bytes, version: str | None) -> bool:
        """Store a JSON document in place of the one that is known, and of no other.

        Args:
            key: of the document.
            document: the bytes.
            version: what stands there, as far as is known; None where nothing does.

        Returns:
            Whether it was stored; otherwise something else stands there. That may be this very document: of a call
            that is repeated, the first answer may have been lost.

        Raises:
            StoreFailed, StoreDenied: it is not there.
        """
        ...

    async def get_document(self, key: str) -> StoredDocument | None:
        """Return a document, or None where there is none.

        Raises:
            StoreFailed, StoreDenied: the store does not say.
        """
        ...


class Observer(Protocol):
    """Is told what happened; must not raise."""

    def images_done(self, file: File, outcomes: Sequence[Outcome]) -> None:
        """All images of a File are done; the outcomes stand in their order."""
        ...

    def file_done(self, receipt: Receipt, receipt_error: IntakeError | None) -> None:
        """One File is done, its receipt stored or not."""
        ...

    def file_skipped(self, file: File) -> None:
        """There was no time to begin a File: none of its images is done, and it has no receipt."""
        ...


class Inbox(Protocol):
    """Holds manifests."""

    def read(self, key: str, version: str | None = None) -> AsyncGenerator[StoredDocument]:
        """Read a manifest piece by piece; one that is not there has none.

        Args:
            key: of the manifest.
            version: the one to read, as an earlier reading had it; None for the one that is there.

        Raises:
            StoreFailed, StoreDenied: it cannot be read, or was replaced meanwhile.
        """
        ...

    async def put(self, key: str, document: bytes) -> None:
        """Put a manifest there, in place of an earlier one.

        Raises:
            StoreFailed, StoreDenied: it is not there.
        """
        ...

    async def version(self, key: str) -> str | None:
        """Return which version of a manifest is there, or None where there is no manifest.

        Raises:
            StoreFailed, StoreDenied: the inbox does not say.
        """
        ...
