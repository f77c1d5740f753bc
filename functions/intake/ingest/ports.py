"""The protocols of the use case's dependencies. `download`, `s3` and `telemetry` implement them."""

from collections.abc import AsyncGenerator, Awaitable, Buffer, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, Self

from intake.ingest.deadline import Deadline
from intake.known.known_image import KnownImage
from intake.known.validators import Validators
from intake.model.error_codes import IntakeError, StoreFailed
from intake.model.file import File
from intake.model.image_info import ImageInfo, ImageWarning
from intake.model.outcome import FetchStats, Outcome
from intake.model.receipt import Receipt
from intake.model.url import Url


@dataclass(frozen=True, slots=True)
class Condition:
    """The condition of a download: only if the image has changed.

    Attributes:
        known: the image. Its validators may be sent only to the URL with its `final_url_key`.
        validators: its validators.
        is_stored: whether it is in the bucket; None if it was seen there lately.
    """

    known: KnownImage
    validators: Validators
    is_stored: Awaitable[bool] | None = None


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The response 304 to a condition: the image has not changed, and is in the bucket.

    Attributes:
        known: the image.
        final_url: the URL that sent it, after all redirects.
        headers: its headers.
        requested_at: when it was requested, in Unix seconds.
    """

    known: KnownImage
    final_url: Url
    headers: Mapping[str, str]
    requested_at: float


class HeldResources(Protocol):
    """What a download holds of limited resources: memory and a slot."""

    def release(self) -> None:
        """Release everything. Calling it again does nothing."""
        ...


@dataclass(slots=True)
class Download:
    """A complete response body. It holds a share of the memory budget until its context exits.

    Attributes:
        body: the bytes.
        sha256: the digest of the bytes, 64 hex digits in lower case.
        final_url: the URL that returned the body, after all redirects.
        held: the memory and the slot that the body holds.
        content_length: the number of bytes that the origin announced, or None.
        warnings: what is unusual about the transfer.
        headers: those of the response.
        requested_at: when it was requested, in Unix seconds.
    """

    body: memoryview
    sha256: str
    final_url: Url
    held: HeldResources
    content_length: int | None = None
    warnings: tuple[ImageWarning, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    requested_at: float = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.held.release()


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


class Downloader(Protocol):
    """Downloads from origins that may be hostile."""

    async def download(
        self, url: Url, stats: FetchStats, deadline: Deadline, condition: Condition | None = None
    ) -> Download | Unchanged:
        """Download one URL, with retries and redirects, within the limits.

        Args:
            url: the URL to download.
            stats: updated with every attempt, so that a cancelled download can be reported too.
            deadline: the deadline of the File; no retry waits beyond it.
            condition: makes the request conditional at the URL that it names. If the response is no 304 that confirms
                it, or the image is not in the bucket, the image is downloaded.

        Raises:
            IntakeError: the image could not be downloaded.
        """
        ...

    async def flush(self, seconds: float) -> None:
        """Wait until the other functions can know what downloads learned about origins, but not longer than given.

        Nothing runs on afterwards, because Lambda may freeze the environment then. A later call does what was left.
        """
        ...


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
            What is stored under the key. None if it is missing, or if the store does not say so: it denies the request
            (S3 does for a missing object, without the right to list), fails or is slow. It never raises an IntakeError.
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
