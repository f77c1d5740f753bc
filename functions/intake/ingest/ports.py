"""The protocols of the use case's dependencies besides `download_port`. `s3` and `telemetry` implement them."""

from collections.abc import AsyncGenerator, Buffer, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from intake.model.error_codes import IntakeError, StoreFailed
from intake.model.file import File
from intake.model.image_info import ImageInfo
from intake.model.outcome import Outcome
from intake.model.receipt import Receipt
from intake.model.url import Url

if TYPE_CHECKING:
    from intake.decode.verdict import Verdict


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A document in the store, or a piece of it.

    Attributes:
        body: the bytes.
        version: identifies the stored bytes; every write creates another version.
    """

    body: bytes
    version: str


class DocumentTooLarge(StoreFailed):
    """A document has more bytes than the store reads, so the service has not written it."""


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object of the store, without its bytes.

    Attributes:
        size: bytes.
        image: the facts that were stored with the image. None if another program stored the object, so that nothing
            says that it is a complete image.
    """

    size: int
    image: ImageInfo | None


class Store(Protocol):
    """Stores each image once, and the last version of each document (receipt, problem, report, what is known).

    With `retry=False`, a request is sent once, takes two seconds and reads 1 MiB at most. It is for requests that only
    save work.
    """

    @property
    def is_ready(self) -> bool:
        """Whether a request can be sent at once. At a cold start, the store is not ready yet."""
        ...

    async def find_image(self, key: str) -> StoredObject | None:
        """Look for an image, without retries.

        Returns:
            What is stored under the key. None if it is missing, or if nothing is certain: the request fails, is slow or
            is denied (without the right to list, S3 denies it for a missing object). It never raises an IntakeError.
        """
        ...

    async def put_image(self, key: str, image: ImageInfo, body: Buffer, sha256: str) -> bool:
        """Store an image under a key that contains its digest, with the facts that `find_image` returns.

        Returns:
            Whether it was already stored. Then it keeps the facts that it has, or none.

        Raises:
            StoreFailed, StoreDenied: the image is not stored.
        """
        ...

    async def put_document(self, key: str, document: bytes, *, retry: bool = True) -> None:
        """Store a JSON document; replace an earlier one.

        Raises:
            StoreFailed, StoreDenied: the document is not stored.
        """
        ...

    async def replace_document(self, key: str, document: bytes, version: str | None, *, retry: bool = True) -> bool:
        """Store a JSON document only if the key still has the given version.

        Args:
            key: the key of the document.
            document: the bytes.
            version: the expected current version; None expects no document.
            retry: whether a failed attempt is repeated.

        Returns:
            Whether it was stored. False means that the key has another version. That may be this very document, if
            the response to a first attempt was lost.

        Raises:
            StoreFailed, StoreDenied: the document is not stored.
        """
        ...

    async def get_document(self, key: str, *, retry: bool = True) -> StoredDocument | None:
        """Return a document, or None if there is none.

        Raises:
            DocumentTooLarge: it has more bytes than the store reads; it is a StoreFailed.
            StoreFailed, StoreDenied: the store could not be read.
        """
        ...


class DocumentFault(StrEnum):
    """Why a known document does not help its File."""

    MISSING = "missing"
    """There is none."""

    DENIED = "denied"
    """S3 answered 403. For a role without s3:ListBucket, that is also the answer for a missing document."""

    SLOW = "slow"
    """Images waited for it, and it was not there in time."""

    FAILED = "failed"
    """S3 sent an error, or nothing."""

    INVALID = "invalid"
    """It holds something that the service does not write."""

    UNWRITTEN = "unwritten"
    """It could not be stored, so it will not help the next File."""


class Decoder(Protocol):
    """Decodes images to find damage that their structure does not show. It reads untrusted bytes safely."""

    def start(self) -> None:
        """Start in the background, because an image will arrive soon."""
        ...

    async def check(self, body: memoryview, image: ImageInfo) -> "tuple[Verdict, str]":
        """Decode an image whose structure is whole, within limits of time and memory.

        If it is cancelled, the decoder stops too.

        Returns:
            The verdict, and the reason for the log. UNSURE if there is no decoder for the image, or a limit is reached.

        Raises:
            Exception: the decoder cannot start.
        """
        ...

    async def aclose(self) -> None:
        """End everything that `start` began."""
        ...


class Observer(Protocol):
    """Logs and counts what happens. Its methods must not raise."""

    def images_done(self, file: File, outcomes: Sequence[Outcome]) -> None:
        """Report that all images of a File are done. The outcomes have the order of the images."""
        ...

    def file_done(self, receipt: Receipt, receipt_error: IntakeError | None) -> None:
        """Report that a File is done. `receipt_error` says why its receipt could not be stored; None if it was."""
        ...

    def known_document_unread(self, fault: DocumentFault, reason: str) -> None:
        """Report that a known document does not help its File, so that its images are downloaded.

        Args:
            fault: what is wrong with it.
            reason: details for the log, or nothing.
        """
        ...

    def decoder_unsure(self, url: Url, reason: str) -> None:
        """Report that an image is stored although the decoder is not sure about it.

        Args:
            url: the URL of the image.
            reason: details for the log.
        """
        ...

    def file_skipped(self, file: File) -> None:
        """Report that no time was left to start a File. It has no receipt."""
        ...


class Inbox(Protocol):
    """Holds manifests."""

    def read(self, key: str, version: str | None = None) -> AsyncGenerator[StoredDocument]:
        """Read a manifest in pieces; a missing manifest yields none.

        Args:
            key: the key of the manifest.
            version: the version to read; None reads the current one.

        Raises:
            StoreFailed, StoreDenied: the manifest cannot be read, or has another version now.
        """
        ...

    async def put(self, key: str, document: bytes) -> None:
        """Store a manifest; replace an earlier one.

        Raises:
            StoreFailed, StoreDenied: the document is not stored.
        """
        ...

    async def version(self, key: str) -> str | None:
        """Return the current version of a manifest, or None if there is none.

        Raises:
            StoreFailed, StoreDenied: the inbox could not be read.
        """
        ...
