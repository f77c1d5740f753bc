"""The port `Downloader`, and the values that it takes and returns. The package `download` implements it."""

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, Self

from intake.ingest.deadline import Deadline
from intake.known.known_image import KnownImage
from intake.known.validators import Validators
from intake.model.image_info import ImageWarning
from intake.model.outcome import FetchStats
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
    """The response 304 to a condition: the image has not changed.

    Attributes:
        condition: the condition of the request.
        final_url: the URL that sent it, after all redirects.
        headers: its headers.
        requested_at: when it was requested, in Unix seconds.
    """

    condition: Condition
    final_url: Url
    headers: Mapping[str, str]
    requested_at: float

    async def is_stored(self) -> bool:
        """Wait until it is certain whether the image is in the bucket."""
        is_stored = self.condition.is_stored
        return is_stored is None or await is_stored


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


class Downloader(Protocol):
    """Downloads from origins that may be hostile."""

    def require_allowed(self, url: Url) -> None:
        """Refuse a URL that no request may be sent to. An image behind it is not even known.

        Raises:
            Blocked: its port, host or address is not allowed. A host name is not looked up.
        """
        ...

    def needs_credentials(self, url: Url) -> bool:
        """Whether this deployment has credentials for the URL. Its image is never reused without asking its origin."""
        ...

    async def download(
        self, url: Url, stats: FetchStats, deadline: Deadline, condition: Condition | None = None, *, share: str = ""
    ) -> Download | Unchanged:
        """Download one URL, with retries and redirects, within the limits.

        Args:
            url: the URL to download.
            stats: updated with every attempt, so that a cancelled download can be reported too.
            deadline: the deadline of the File; no retry waits beyond it.
            condition: makes the request conditional at the URL that it names. If the response is no 304 that confirms
                it, or the image is not in the bucket, the image is downloaded.
            share: a name for images that share one part of the limits. A free slot goes to the waiting share that holds
                the fewest. Images of one share are downloaded in the order of the calls.

        Returns:
            The image; or that it is unchanged and in the bucket.

        Raises:
            IntakeError: the image could not be downloaded.
        """
        ...

    async def flush(self, seconds: float) -> None:
        """Wait until the other functions can know what downloads learned about origins, but not longer than given.

        Nothing runs on afterwards, because Lambda may freeze the environment then. A later call does what was left.
        """
        ...
