"""OriginCoolDowns: keeps all functions away from origins that asked for a pause, or that cannot be reached.

An origin asks for a pause by status 429 or 503 with a valid Retry-After (RFC 6585, 4; RFC 9110, 10.2.3 and 15.6.4).
"""

import asyncio
import math
import random
import time
from collections.abc import Callable

from intake.download.cool_down import CoolDown
from intake.download.cool_down_store import CoolDownStore
from intake.download.image_download import ImageDownload
from intake.http_client.errors import ConnectError, ConnectTimeout, DnsError, TlsError
from intake.ingest.ports import Store
from intake.known.lru_dict import LruDict
from intake.model.error_codes import CoolingDown, HttpServerError, Throttled
from intake.model.object_keys import cool_down_key
from intake.model.url import Url

_MAX_FAILURES = 20
"""Failed connections, one after another, that begin a cool-down of `_FAILURE_SECONDS`."""

_FAILURE_SECONDS = 30.0

_JITTER_SECONDS = 0.1
"""Requests that waited for the same cool-down start within this time."""

_MAX_ORIGINS = 1024


class OriginCoolDowns:
    """The cool-downs of all origins, as far as this environment knows them."""

    def __init__(self, store: Store | None, now: Callable[[], float] = time.time) -> None:
        """Create it without knowledge of any origin.

        Args:
            store: has the documents that the functions share. Without a store, there are no cool-downs.
            now: the wall clock, in Unix seconds.
        """
        self._shared = None if store is None else CoolDownStore(store, now)
        self._now = now
        self._origins: LruDict[str, CoolDown] = LruDict(_MAX_ORIGINS)

    def find(self, url: Url) -> CoolDown:
        """Return the cool-down of the URL's origin. It may be over, or not known yet."""
        return self._origins.get(url.origin) or self._add(url)

    def _add(self, url: Url) -> CoolDown:
        cool_down = self._origins[url.origin] = CoolDown(cool_down_key(url))
        if self._shared is None:
            cool_down.clear_until = math.inf
        return cool_down

    def find_active(self, url: Url) -> tuple[float, CoolDown] | None:
        """Return the seconds that the origin of a URL cools down, and its cool-down; None if none is known now."""
        cool_down = self._origins.get(url.origin)
        seconds = 0.0 if cool_down is None else cool_down.seconds_left(self._now())
        return None if cool_down is None or seconds <= 0 else (seconds, cool_down)

    async def wait(self, url: Url, cool_down: CoolDown, image: ImageDownload) -> None:
        """Wait until a request may be sent to the URL's origin. The image holds no slot and no memory meanwhile.

        Raises:
            CoolingDown: that takes longer than the image or its File has time.
        """
        if self._shared is None:
            return
        if url.origin in self._origins:
            self._origins.move_to_end(url.origin)
        while True:
            if cool_down.seconds_left(self._now()) <= 0:
                await self._shared.wait_for_read(cool_down)
            seconds = cool_down.seconds_left(self._now())
            if seconds <= 0:
                return
            delay = seconds + random.random() * _JITTER_SECONDS  # noqa: S311 - jitter, not a secret
            if delay >= image.seconds_left:
                raise _make_error(url, cool_down, seconds)
            async with image.timer:
                await asyncio.sleep(delay)

    def has_begun(self, cool_down: CoolDown) -> bool:
        """Whether a cool-down is known now, for a request that waited for its turn meanwhile.

        It waits for nothing, and reads the document in the background if that is not fresh.
        """
        if self._shared is None:
            return False
        if cool_down.seconds_left(self._now()) > 0:
            return True
        self._shared.start_read(cool_down)
        return False

    def note(self, cool_down: CoolDown, error: Exception) -> None:
        """Begin or extend the cool-down if a request failed for a reason that asks for one."""
        match error:
            case Throttled(retry_after=float(seconds)) | HttpServerError(status=503, retry_after=float(seconds)):
                self._extend(cool_down, seconds)
            case DnsError() | ConnectError() | TlsError() | ConnectTimeout():
                cool_down.failures += 1
                if cool_down.failures % _MAX_FAILURES == 0:
                    self._extend(cool_down, _FAILURE_SECONDS)

    def _extend(self, cool_down: CoolDown, seconds: float) -> None:
        if self._shared is not None:
            cool_down.extend(seconds, self._now())
            self._shared.share(cool_down)

    async def flush(self, seconds: float) -> None:
        """Tell the other functions, within some seconds; see `CoolDownStore.flush`."""
        if self._shared is not None:
            await self._shared.flush(seconds)

    async def aclose(self) -> None:
        """Cancel every background task."""
        if self._shared is not None:
            await self._shared.aclose()


def _make_error(url: Url, cool_down: CoolDown, seconds: float) -> CoolingDown:
    message = (
        "The origin asked everybody to wait, or could not be reached: no request is sent to it for another"
        f" {math.ceil(seconds)} seconds."
    )
    return CoolingDown(
        message,
        reason=f"{url.origin} cools down",
        retry_after=None if cool_down.has_never_answered else seconds,
        is_unreachable=cool_down.is_unreachable,
    )
