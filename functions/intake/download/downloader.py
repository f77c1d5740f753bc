"""Downloads one URL at a time: attempts, redirects, limits on the stream, one clock for all of it."""

import asyncio
import random
from datetime import UTC, datetime
from functools import lru_cache, partial
from math import inf

import httpx

from intake.download.address_policy import classify_destination
from intake.download.image_body import ImageBody
from intake.download.image_timer import ImageTimer
from intake.download.memory_budget import Reservation
from intake.download.origin_limiter import OriginLimiter
from intake.download.response_policy import check_body, raise_for_status, redirect_location
from intake.download.transport_errors import to_download_error
from intake.http_client.errors import TransportError
from intake.http_client.transport import NO_BODY, origin_url
from intake.ingest.ports import Download
from intake.model.backoff import backoff
from intake.model.errors import (
    BadRedirect,
    Blocked,
    HttpServerError,
    IntakeError,
    Throttled,
    TooManyRedirects,
    clear_traceback,
)
from intake.model.limits import Limits
from intake.model.outcome import FetchStats
from intake.model.url import Url


class HttpDownloader:
    """The Fetch port over an httpx transport."""

    def __init__(self, transport: httpx.AsyncBaseTransport, limits: Limits, user_agent: str) -> None:
        """Take over a transport, which refuses every address that is not to be dialled.

        Args:
            transport: raises `TransportError`, and what its resolver raises.
            limits: the bounds.
            user_agent: says who asks, and where to complain.
        """
        self._transport = transport
        self._limits = limits
        self._origins = OriginLimiter(limits.max_per_origin)
        self._headers = lru_cache(maxsize=1024)(partial(_headers, user_agent))

    async def aclose(self) -> None:
        """Close every connection."""
        await self._transport.aclose()

    async def fetch(self, url: Url, reservation: Reservation, effort: FetchStats, end: float = inf) -> Download:
        """See `Fetch.fetch`."""
        clock = ImageTimer(self._limits.image_timeout)
        failed = 0
        try:
            while True:
                try:
                    return await self._follow(url, reservation, clock, effort)
                except IntakeError as error:
                    failed += 1
                    clear_traceback(error)  # the body is let go, and so is its room
                    reservation.release()
                    await self._wait_or_give_up(error, failed, clock, end)
        finally:
            effort.fetch_ms = clock.elapsed_ms

    async def _wait_or_give_up(self, error: IntakeError, failed: int, clock: ImageTimer, end: float) -> None:
        if not error.retryable or failed >= self._limits.max_attempts:
            raise error
        asked = error.retry_after if isinstance(error, Throttled | HttpServerError) else None
        seconds = backoff(failed, random.random(), asked)  # noqa: S311 - jitter, not a secret
        if seconds >= min(clock.left, end - clock.now()):
            raise error
        async with clock:
            await asyncio.sleep(seconds)

    async def _follow(self, url: Url, reservation: Reservation, clock: ImageTimer, effort: FetchStats) -> Download:
        before, first = effort.attempts, url
        for _ in range(self._limits.max_redirects + 1):
            self._require_destination(url)
            reservation.release_slot()
            with await self._origins.acquire(url.origin):
                await reservation.acquire_slot()
                effort.attempts = before + 1
                try:
                    answer = await self._visit(url, reservation, clock)
                except Blocked:
                    if url is first:
                        effort.attempts = before  # nobody was asked: every refusal looks the same
                    raise
                except TransportError as error:
                    raise to_download_error(error) from error
            if isinstance(answer, Download):
                return answer
            url = answer
        raise TooManyRedirects

    def _require_destination(self, url: Url) -> None:
        verdict = classify_destination(
            url.host, url.port, hosts=self._limits.allowed_hosts, ports=self._limits.allowed_ports
        )
        if not verdict.is_allowed:
            raise Blocked(reason=f"{url.origin}: {verdict}")

    async def _visit(self, url: Url, reservation: Reservation, clock: ImageTimer) -> Download | Url:
        """Ask one origin once: the image, or where it says that the image is."""
        request = httpx.Request(
            "GET",
            origin_url(url.origin),
            headers=self._headers(url.authority),
            extensions={"target": url.target.encode("ascii")},
            stream=NO_BODY,
        )
        async with clock:
            answer = await self._transport.handle_async_request(request)
        try:
            location = redirect_location(answer.status_code, answer.headers)
            if location is not None:
                if len(answer.headers.get_list("location")) > 1:
                    raise BadRedirect
                return url.follow(location)
            body, sha256 = await self._receive(answer, reservation, clock, url.host)
            return Download(body, sha256, url)
        finally:
            await answer.stream.aclose()  # type: ignore[union-attr]  # an async transport's stream is async

    async def _receive(
        self, answer: httpx.Response, reservation: Reservation, clock: ImageTimer, host: str
    ) -> tuple[memoryview, str]:
        raise_for_status(answer.status_code, answer.headers, datetime.now(UTC))
        most = self._limits.max_image_bytes
        length: int | None = answer.extensions["content_length"]
        check_body(answer.headers, length, most)
        await reservation.reserve(most if length is None else length, host)
        body = ImageBody(length, most, self._limits.image_types)
        async with clock:
            async for chunk in answer.stream:  # type: ignore[union-attr]  # an async transport's stream is async
                body.add(chunk)
        whole, sha256 = body.finish()
        reservation.shrink(len(whole))
        return whole, sha256


def _headers(user_agent: str, authority: str) -> httpx.Headers:
    """All that is ever sent: no cookie, no credential, no referrer."""
    return httpx.Headers(
        {
            "Host": authority,
            "User-Agent": user_agent,
            "Accept": "image/*,*/*;q=0.1",
            "Accept-Encoding": "identity",
        }
    )
