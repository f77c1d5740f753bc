"""How the ingest of one image ended: stored, failed, or carried over from an earlier run."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from intake.model.error_codes import IntakeError
from intake.model.image_info import ImageInfo, ImageWarning
from intake.model.url import Url

if TYPE_CHECKING:
    from intake.model.receipt import FailedEntry, StoredEntry


class Source(StrEnum):
    """How the service learned that it has the bytes of an image."""

    FETCHED = "fetched"
    """They were downloaded now."""

    UNCHANGED = "unchanged"
    """The origin answered 304 to a conditional request (RFC 9110, 15.4.5)."""

    FRESH = "fresh"
    """The last response is still fresh by the origin's own Cache-Control (RFC 9111, 4.2); no request was sent."""

    KNOWN = "known"
    """The object with the expected digest is in the bucket; no request was sent."""


@dataclass(slots=True)
class FetchStats:
    """Counts the work for one image. It is updated during the work, so that a cancelled download is reported too.

    Attributes:
        attempts: requests to the origin, redirects not counted.
        fetch_ms: milliseconds spent on the download; waiting for our own limits is not counted.
        store_ms: milliseconds spent on storing.
    """

    attempts: int = 0
    fetch_ms: int = 0
    store_ms: int = 0


@dataclass(frozen=True, slots=True)
class Stored:
    """An image that is in the bucket.

    Attributes:
        image: its type, size and frames.
        key: the key of the object.
        sha256: the digest of its bytes, 64 hex digits in lower case.
        size: its number of bytes.
        final_url: the URL after redirects.
        reused: whether the bytes were already in the bucket.
        stats: the work that was done.
        warnings: what is unusual about its bytes or its transfer.
        source: how the service learned that it has the bytes.
    """

    image: ImageInfo
    key: str
    sha256: str
    size: int
    final_url: Url
    reused: bool
    stats: FetchStats
    warnings: tuple[ImageWarning, ...] = ()
    source: Source = Source.FETCHED


@dataclass(frozen=True, slots=True)
class Failed:
    """An image that is not in the bucket, and why."""

    error: IntakeError
    stats: FetchStats


@dataclass(frozen=True, slots=True)
class CarriedOver:
    """An image whose entry comes from an earlier run of the same File; this run did not request it."""

    entry: "StoredEntry | FailedEntry"


type Outcome = Stored | Failed | CarriedOver
