"""The limits that all downloads share, over a transport in memory."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import override

import httpx
import pytest

from intake.download.downloader import HttpDownloader
from intake.ingest.deadline import Deadline
from intake.ingest.download_port import Download
from intake.model.error_codes import AccessDenied, Blocked, CredentialsUnavailable, IntakeError, UnsupportedType
from intake.model.limits import Limits
from intake.model.outcome import FetchStats
from intake.model.url import Url
from support.sample_images import picture

IMAGE = picture(8, 8, 1)
AT = "https://a.example/"


class Body(httpx.AsyncByteStream):
    def __init__(self, body: bytes) -> None:
        self._body = body

    @override
    async def __aiter__(self) -> AsyncIterator[bytes]:
        await asyncio.sleep(0.001)
        yield self._body


class Transport(httpx.AsyncBaseTransport):
    """Answers every request with a body or a redirect, and calls `observe` before it does.

    Attributes:
        locations: where a URL redirects to.
        requests: the requests, in order.
        is_closed: whether it was closed.
    """

    def __init__(self, body: bytes = IMAGE, observe: Callable[[], None] = lambda: None) -> None:
        self._body = body
        self.observe = observe
        self.locations: dict[str, str] = {}
        self.requests: list[httpx.Request] = []
        self.is_closed = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        self.observe()
        location = self.locations.get(url_of(request))
        headers = {} if location is None else {"Location": location}
        extensions = {"content_length": len(self._body)}
        status = 200 if location is None else 302
        return httpx.Response(status, headers=headers, stream=Body(self._body), request=request, extensions=extensions)

    @override
    async def aclose(self) -> None:
        self.is_closed = True


class PrivateTransport(Transport):
    """Adds a header to each request, as a private source does; or fails with one error after another."""

    def __init__(self, *errors: IntakeError) -> None:
        super().__init__()
        self._errors = list(errors)

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self._errors:
            raise self._errors.pop(0)
        request.headers["Authorization"] = "Bearer canary"
        return await super().handle_async_request(request)


def url_of(request: httpx.Request) -> str:
    return f"{request.url}{request.extensions['target'].decode()}"


async def download(downloader: HttpDownloader, name: str) -> Download:
    result = await downloader.download(Url.parse(AT + name), FetchStats(), Deadline.after(60.0))
    assert isinstance(result, Download)
    return result


async def use(downloader: HttpDownloader, name: str) -> None:
    with await download(downloader, name):
        await asyncio.sleep(0.001)


async def test_downloader_has_at_most_the_allowed_images_in_flight_until_they_are_released() -> None:
    transport = Transport()
    downloader = HttpDownloader(transport, Limits(max_in_flight=3), "test")
    busy: list[int] = []
    transport.observe = lambda: busy.append(downloader.slots.active)

    await asyncio.gather(*(use(downloader, str(number)) for number in range(12)))

    assert (len(busy), max(busy)) == (12, 3)
    assert downloader.slots.active == 0


async def test_bodies_wait_for_memory_and_none_fails() -> None:
    downloader = HttpDownloader(Transport(), Limits(memory_budget_bytes=2 * len(IMAGE)), "test")

    await asyncio.gather(*(use(downloader, str(number)) for number in range(10)))

    assert downloader.budget.free == downloader.budget.size


@pytest.mark.parametrize("body", [b"<html>not an image</html>"])
async def test_failed_download_holds_nothing(body: bytes) -> None:
    downloader = HttpDownloader(Transport(body), Limits(max_in_flight=1), "test")

    with pytest.raises(UnsupportedType):
        await download(downloader, "page")

    assert downloader.budget.free == downloader.budget.size
    assert downloader.slots.active == 0


async def test_cancelled_download_holds_nothing() -> None:
    downloader = HttpDownloader(Transport(), Limits(max_in_flight=1), "test")
    running = asyncio.create_task(download(downloader, "one"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)

    running.cancel()
    await asyncio.wait([running])

    assert downloader.budget.free == downloader.budget.size
    assert downloader.slots.active == 0


async def test_blocked_url_counts_no_attempt() -> None:
    downloader = HttpDownloader(Transport(), Limits(allowed_ports=(80,)), "test")
    stats = FetchStats()

    with pytest.raises(IntakeError):
        await downloader.download(Url.parse(AT), stats, Deadline.after(60.0))

    assert stats.attempts == 0


@pytest.mark.parametrize("url", ["http://10.0.0.1/a", "https://a.example:22/a", "http://b.example/a", "http://[::1]/"])
async def test_downloader_refuses_a_url_without_a_request_when_it_is_not_allowed(url: str) -> None:
    downloader = HttpDownloader(Transport(), Limits(allowed_hosts=("a.example", "10.0.0.1", "::1")), "test")
    downloader.require_allowed(Url.parse(AT + "one"))
    with pytest.raises(Blocked):
        downloader.require_allowed(Url.parse(url))


HOPS = [
    "https://a.example/1",
    "https://b.example/2",
    "http://b.example/3",
    "https://b.example:8443/4",
    "https://b.example/5",
    "https://sub.b.example/6",
    "https://b.example/7",
    "https://b.example/8",
    "https://b.example.evil.example/9",
]
"""Redirects to a private source and to others that resemble it, as they are requested."""


async def test_private_source_gets_the_hops_of_its_own_origin_and_no_other_request_gets_its_headers() -> None:
    public, private = Transport(), PrivateTransport()
    downloader = HttpDownloader(
        public, Limits(allowed_ports=(80, 443, 8443), max_redirects=9), "test", sources={"https://b.example": private}
    )
    hops = [
        "https://a.example/1",
        "https://B.example.:443/2",
        "http://b.example/3",
        "https://b.example:8443/4",
        "//b.example/5",
        "https://sub.b.example/6",
        "https://b.example/7",
        "/8",
        "https://b.example.evil.example/9",
    ]
    for transport in (public, private):
        transport.locations = dict(zip(HOPS, hops[1:], strict=False))

    with await download(downloader, "1") as image:
        assert str(image.final_url) == HOPS[-1]

    assert [url_of(request) for request in private.requests] == [HOPS[1], HOPS[4], *HOPS[6:8]]
    assert [url_of(request) for request in public.requests] == [HOPS[0], *HOPS[2:4], HOPS[5], HOPS[8]]
    assert not any("canary" in str(request.headers.raw) for request in public.requests)


@pytest.mark.parametrize(
    ("code", "attempts", "errors"),
    [
        ("stored", 2, [CredentialsUnavailable()]),
        ("credentials_unavailable", 3, [CredentialsUnavailable()] * 3),
        ("access_denied", 1, [AccessDenied()]),
    ],
)
async def test_error_of_a_private_source_is_that_of_its_image_and_retried_when_transient(
    code: str, attempts: int, errors: list[IntakeError]
) -> None:
    downloader = HttpDownloader(
        Transport(), Limits(max_in_flight=1), "test", sources={"https://a.example": PrivateTransport(*errors)}
    )
    stats = FetchStats()
    try:
        with await downloader.download(Url.parse(AT), stats, Deadline.after(60.0)):  # type: ignore[union-attr]  # no condition
            result = "stored"
    except IntakeError as error:
        result = error.code
    assert (result, stats.attempts) == (code, attempts)
    assert (downloader.slots.active, downloader.budget.free) == (0, downloader.budget.size)


async def test_downloader_knows_and_closes_its_private_sources() -> None:
    private = PrivateTransport()
    downloader = HttpDownloader(Transport(), Limits(), "test", sources={"https://b.example": private})
    urls = ["https://b.example/a", "https://b.example:443/", "http://b.example/", "https://c.b.example/"]
    assert [downloader.needs_credentials(Url.parse(url)) for url in urls] == [True, True, False, False]
    await downloader.aclose()
    assert private.is_closed


OWN, LISTED = "s3://the-images/k", "s3://my-photos/k"


@pytest.mark.parametrize("url", [OWN, "s3://other/k", "s3://my-photos.x/k", "s3://127-0-0-1/k"])
async def test_bucket_is_blocked_with_one_message_when_it_is_no_source(url: str) -> None:
    sources = {"s3://my-photos": Transport(), "https://other": Transport()}
    downloader = HttpDownloader(Transport(), Limits(allowed_hosts=("other", "the-images")), "test", sources=sources)
    messages = set()
    for refused in (Url.parse(url), Url.parse(OWN)):
        stats = FetchStats()
        with pytest.raises(Blocked) as caught:
            downloader.require_allowed(refused)
        messages.add(caught.value.message)
        with pytest.raises(Blocked) as caught:
            await downloader.download(refused, stats, Deadline.after(60.0))
        messages.add(caught.value.message)
        assert stats.attempts == 0
    [message] = messages
    assert "SOURCE_BUCKETS" in message
    assert "presigned" in message
    assert not any(transport.requests for transport in sources.values())


async def test_listed_bucket_is_a_source_whatever_hosts_and_ports_are_allowed() -> None:
    source = Transport()
    limits = Limits(allowed_hosts=("a.example",), allowed_ports=(443,))
    downloader = HttpDownloader(Transport(), limits, "test", sources={"s3://my-photos": source})
    downloader.require_allowed(Url.parse(LISTED))
    result = await downloader.download(Url.parse("s3://my-photos/lot 7/#1.jpg"), FetchStats(), Deadline.after(60.0))
    assert isinstance(result, Download)
    with result as image:
        assert str(image.final_url) == "s3://my-photos/lot 7/#1.jpg"
    assert [url_of(request) for request in source.requests] == ["s3://my-photos/lot%207/%231.jpg"]


@pytest.mark.parametrize("location", ["s3://my-photos/k", "S3://my-photos/k", "s3:k"])
async def test_redirect_to_a_source_bucket_is_blocked_as_any_other(location: str) -> None:
    public, source = Transport(), Transport()
    public.locations[AT + "1"] = location
    downloader = HttpDownloader(public, Limits(), "test", sources={"s3://my-photos": source})
    with pytest.raises(Blocked) as caught:
        await download(downloader, "1")
    assert (caught.value.message, source.requests) == (Blocked.default_message, [])
