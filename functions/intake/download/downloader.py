"""Downloads URLs: attempts, redirects, and the limits on each body."""

import asyncio
import random
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache, partial
from time import time
from typing import cast

import httpx

from intake.download.conditional_request import ANSWERS, add_condition, find_condition, to_unchanged
from intake.download.cool_down import CoolDown
from intake.download.fair_limit import FairLimit
from intake.download.image_body import BodyStream, ImageBody
from intake.download.image_download import ImageDownload
from intake.download.image_timeout import ImageTimer
from intake.download.memory_and_slot import MemoryAndSlot
from intake.download.memory_budget import MemoryBudget
from intake.download.origin_cool_downs import OriginCoolDowns
from intake.download.origin_limiter import OriginLimiter
from intake.download.redirect_location import redirect_location
from intake.download.request_headers import make_headers
from intake.download.request_limits import RequestLimits
from intake.download.response_policy import image_length, raise_for_encoding, raise_for_length, raise_for_opt_out
from intake.download.retry import retry_delay
from intake.download.transport_errors import to_download_error
from intake.download.unclean_end import raise_unless_end_is_proven
from intake.http_client.errors import TransportError, UncleanEnd
from intake.http_client.transport import NO_BODY, origin_url
from intake.ingest.deadline import Deadline
from intake.ingest.download_port import Condition, Download, Unchanged
from intake.model.error_codes import (
    Blocked,
    CoolingDown,
    HttpClientError,
    HttpServerError,
    IntakeError,
    Throttled,
    TooManyRedirects,
    clear_traceback,
)
from intake.model.image_info import ImageWarning
from intake.model.limits import Limits
from intake.model.outcome import FetchStats
from intake.model.url import Url


class HttpDownloader:
    """Implements the port `Downloader` with an httpx transport. All downloads share its limits.

    Attributes:
        budget: limits the memory of all bodies.
        slots: limit the images in flight.
        origins: limits the concurrent requests to each origin.
        cool_downs: says which origins get no requests now.
    """

    def __init__(
        self,
        transport: httpx.AsyncBaseTransport,
        limits: Limits,
        user_agent: str,
        cool_downs: OriginCoolDowns | None = None,
        sources: Mapping[str, httpx.AsyncBaseTransport] | None = None,
    ) -> None:
        """Create a downloader.

        Args:
            transport: sends the requests. It must refuse every address that is not allowed.
            limits: the limits on images, origins and time.
            user_agent: the User-Agent header: the service and a contact.
            cool_downs: those that all functions share; without them, no origin cools down.
            sources: the transports of private sources, by `Url.origin`. Each adds its credentials to a request, and
                may raise an `IntakeError` instead of returning a response.
        """
        self._transport = transport
        self._sources = sources or {}
        self._limits = limits
        self.budget = MemoryBudget(limits.memory_budget_bytes)
        self.slots = FairLimit(limits.max_in_flight)
        self.origins = OriginLimiter(limits.max_per_origin)
        self.cool_downs = cool_downs or OriginCoolDowns(None)
        self._requests = RequestLimits(self.origins, self.cool_downs, limits, self._sources)
        self._headers = lru_cache(maxsize=1024)(partial(make_headers, user_agent))

    async def aclose(self) -> None:
        """Close every connection."""
        await self.cool_downs.aclose()
        for transport in (self._transport, *self._sources.values()):
            await transport.aclose()

    def require_allowed(self, url: Url) -> None:
        """See `Downloader.require_allowed`."""
        self._requests.require_allowed(url)
        self._requests.require_allowed_address(url.host)

    def needs_credentials(self, url: Url) -> bool:
        """See `Downloader.needs_credentials`."""
        return url.origin in self._sources

    async def flush(self, seconds: float) -> None:
        """See `Downloader.flush`."""
        await self.cool_downs.flush(seconds)

    async def download(
        self, url: Url, stats: FetchStats, deadline: Deadline, condition: Condition | None = None, *, share: str = ""
    ) -> Download | Unchanged:
        """See `Downloader.download`."""
        held, timer = MemoryAndSlot(self.budget, self.slots, share), ImageTimer(self._limits.image_timeout)
        image = ImageDownload(held, timer, deadline, stats, condition)
        failed_attempts, last_error = 0, None
        try:
            while True:
                try:
                    result = await self._follow_redirects(url, image)
                    if isinstance(result, Download):
                        return result
                    held.release()
                    if result is not None and await result.is_stored():
                        return result
                    image.condition = None  # the origin did not confirm it, or the image is not in the bucket
                except CoolingDown as error:
                    raise last_error or error from None  # no attempt is left, so the last one says what is wrong
                except IntakeError as error:
                    failed_attempts, last_error = failed_attempts + 1, error
                    clear_traceback(error)  # frees the body before the wait
                    held.release()
                    await self._prepare_retry(error, failed_attempts, image)
        except BaseException:
            held.release()
            raise
        finally:
            stats.fetch_ms = timer.elapsed_ms

    async def _prepare_retry(self, error: IntakeError, failed_attempts: int, image: ImageDownload) -> None:
        """Wait for the next attempt, or raise the error if there is none.

        The condition may be what the origin fails at: after a 4xx, the image is requested without it at once, and the
        last attempt never has it.
        """
        is_refused = image.condition is not None and isinstance(error, HttpClientError)
        if is_refused or failed_attempts == self._limits.max_attempts - 1:
            image.condition = None
        if is_refused:
            return
        delay = retry_delay(
            error,
            failed_attempts,
            max_attempts=self._limits.max_attempts,
            seconds_left=image.seconds_left,
            jitter=random.random(),  # noqa: S311 - jitter, not a secret
        )
        if delay is None:
            raise error
        async with image.timer:
            await asyncio.sleep(delay)

    async def _follow_redirects(self, url: Url, image: ImageDownload) -> Download | Unchanged | None:
        """Send requests until one is not redirected; return its result, see `_request`."""
        stats = image.stats
        attempts_before, first_url = stats.attempts, url
        for _ in range(self._limits.max_redirects + 1):
            self._requests.require_allowed(url)
            cool_down = self.cool_downs.find(url)
            with await self._requests.acquire(url, cool_down, image):
                stats.attempts = attempts_before + 1
                try:
                    result = await self._request(url, cool_down, image)
                except Blocked:
                    if url is first_url:
                        stats.attempts = attempts_before  # nothing was sent: all blocked URLs look the same
                    raise
                except TransportError as error:
                    self.cool_downs.note(cool_down, error)
                    raise to_download_error(error) from error
                except (Throttled, HttpServerError) as error:
                    self.cool_downs.note(cool_down, error)
                    raise
            if not isinstance(result, Url):
                return result
            url = result
        raise TooManyRedirects

    async def _request(self, url: Url, cool_down: CoolDown, image: ImageDownload) -> Download | Unchanged | Url | None:
        """Send one request.

        Returns:
            The image; or that it is unchanged; or the URL that the origin redirects to; or None if the image must be
            requested without the condition.
        """
        condition = find_condition(image.condition, url)
        requested_at = time()
        # Looked up for each hop by its own origin: no request has the credentials of another one.
        transport = self._sources.get(url.origin, self._transport)
        async with image.timer:
            response = await transport.handle_async_request(self._make_request(url, image, condition))
            try:
                cool_down.failures, cool_down.has_answered = 0, True
                location = redirect_location(response.status_code, response.headers)
                if location is not None:
                    return url.follow(location)
                if self._limits.respect_robots_tag:
                    raise_for_opt_out(response.status_code, response.headers, self._limits.respect_robots_tag)
                if condition is not None and response.status_code in ANSWERS:
                    return to_unchanged(condition, url, response, requested_at)
                return await self._receive(response, url, image, requested_at)
            finally:
                await response.stream.aclose()  # type: ignore[union-attr]  # an async transport's stream is async

    def _make_request(self, url: Url, image: ImageDownload, condition: Condition | None) -> httpx.Request:
        headers = self._headers(url.authority)
        if condition is not None:
            headers = add_condition(headers, condition)
        return httpx.Request(
            "GET",
            origin_url(url.origin),
            headers=headers,
            extensions={"target": url.target.encode("ascii"), "waiting": image.timer.paused},
            stream=NO_BODY,
        )

    async def _receive(self, response: httpx.Response, url: Url, image: ImageDownload, requested_at: float) -> Download:
        content_length: int | None = response.extensions["content_length"]
        length = image_length(response.status_code, response.headers, content_length, datetime.now(UTC))
        raise_for_encoding(response.headers)
        held, max_bytes = image.held, self._limits.max_image_bytes
        raise_for_length(length, max_bytes)
        await held.reserve(max_bytes if length is None else length, url.host, image.timer.paused)
        body, is_clean = ImageBody(length, max_bytes, self._limits.image_types), True
        try:
            await body.receive(cast("BodyStream", response.stream))
        except UncleanEnd:
            is_clean = False
        view, sha256 = body.finish()
        if not is_clean:
            raise_unless_end_is_proven(view, self._limits)
        held.shrink(len(view))
        warnings = () if is_clean else (ImageWarning.UNCLEAN_CLOSE,)
        return Download(view, sha256, url, held, length, warnings, response.headers, requested_at)
