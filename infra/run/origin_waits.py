"""OriginWait: an origin that the run waits for, for how long, and why. It holds no path and no query of a URL."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from intake.download.origin_cool_downs import OriginCoolDowns
from intake.model.error_base import IntakeError, Transient
from intake.model.error_codes import CoolingDown, HttpServerError, NotReady, Throttled
from intake.model.url import Url

_UNREACHABLE, _ASKED = "could not be reached", "asked to wait"


class OriginWait(NamedTuple):
    """A wait for an origin.

    Attributes:
        host: the host, and the port if it is not the default one.
        seconds: how long it is.
        reason: what the origin did: "answered 503", as the rest of a sentence.
    """

    host: str
    seconds: float
    reason: str

    @classmethod
    def of_error(cls, url: str, error: IntakeError) -> "OriginWait | None":
        """Return the wait after which an image that failed may succeed; None if nothing says when.

        Args:
            url: that of the image. It is valid, because a request to it was tried.
            error: why the image failed.
        """
        if not isinstance(error, Transient) or error.retry_after is None:
            return None
        return cls(Url.parse(url).authority, error.retry_after, _describe(error))


def _describe(error: Transient) -> str:
    match error:
        case CoolingDown():
            return _UNREACHABLE if error.is_unreachable else _ASKED
        case HttpServerError():
            return f"answered {error.status}"
        case Throttled():
            return "answered 429"
        case NotReady():
            return "answered 202"
    return _ASKED


def find_waits(urls: Iterable[Url], cool_downs: OriginCoolDowns) -> Iterator[OriginWait]:
    """Yield a wait for each origin of images in work that cools down now."""
    for url in {url.origin: url for url in urls}.values():
        if (active := cool_downs.find_active(url)) is not None:
            seconds, cool_down = active
            yield OriginWait(url.authority, seconds, _UNREACHABLE if cool_down.is_unreachable else _ASKED)
