"""How the ingest of one image ended."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from intake.model.errors import IntakeError
from intake.model.image_info import ImageInfo
from intake.model.url import Url

if TYPE_CHECKING:
    from intake.model.receipt import FailedEntry, StoredEntry


@dataclass(slots=True)
class FetchStats:
    """What has been done for one image; it grows while the work goes on, so what was cut off can be told too.

    Attributes:
        attempts: how often the origin was asked, redirects not counted.
        fetch_ms: milliseconds spent fetching, our own bounds' waiting left out.
        store_ms: milliseconds spent storing.
    """

    attempts: int = 0
    fetch_ms: int = 0
    store_ms: int = 0


@dataclass(frozen=True, slots=True)
class Stored:
    """An image that is in the bucket."""

    image: ImageInfo
    key: str
    sha256: str
    size: int
    final_url: Url
    reused: bool
    stats: FetchStats


@dataclass(frozen=True, slots=True)
class Failed:
    """An image that is not."""

    error: IntakeError
    stats: FetchStats


@dataclass(frozen=True, slots=True)
class CarriedOver:
    """An image that an earlier run of the same File has settled; nothing was done for it now."""

    entry: "StoredEntry | FailedEntry"


type Outcome = Stored | Failed | CarriedOver
