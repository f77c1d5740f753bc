"""What requests wait for before they are sent, through the downloader, on a clock that jumps."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from ipaddress import ip_network
from typing import Any

import httpx
import pytest

from intake.download.downloader import HttpDownloader
from intake.download.origin_cool_downs import OriginCoolDowns
from intake.http_client.errors import ConnectError
from intake.ingest.deadline import Deadline
from intake.model.error_codes import IntakeError
from intake.model.limits import Limits
from intake.model.outcome import FetchStats
from intake.model.url import Url
from support.fake_ports import FakeStore
from support.sample_images import picture
from support.virtual_clock import VirtualClock

IMAGE = picture(8, 8, 1)
AT = "https://a.example/"

type Answer = Callable[[str], tuple[int, dict[str, str]]]


class Body(httpx.AsyncByteStream):
    async def __aiter__(self) -> AsyncGenerator[bytes]:
        yield IMAGE


class Lab(httpx.AsyncBaseTransport):
    """A downloader, the origins that it asks, and the bucket that it shares.

    Attributes:
        answer: returns status and headers of the response to a URL, or raises.
        sent: the seconds on the clock, and the URL, of each request.
        seconds: how long each origin takes to respond.
    """

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock
        self.answer: Answer = lambda _: (200, {})
        self.sent: list[tuple[float, str]] = []
        self.seconds = 0.1
        self.store = FakeStore()

    def downloader(self, **limits: Any) -> HttpDownloader:
        return HttpDownloader(self, Limits(**limits), "test", OriginCoolDowns(self.store, self.clock.wall))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = f"{request.url}{request.extensions['target'].decode()}"
        self.sent.append((round(self.clock.passed, 1), url))
        await asyncio.sleep(self.seconds)
        status, headers = self.answer(url)
        return httpx.Response(
            status, headers=headers, stream=Body(), request=request, extensions={"content_length": len(IMAGE)}
        )


@pytest.fixture
async def lab(clock: VirtualClock, monkeypatch: pytest.MonkeyPatch) -> Lab:
    monkeypatch.setattr("intake.download.request_limits.time", clock.wall)
    return Lab(clock)


async def get(downloader: HttpDownloader, url: str) -> tuple[str, int]:
    """Download and release an image; return its code and its attempts."""
    stats = FetchStats()
    try:
        with await downloader.download(Url.parse(url), stats, Deadline.after(600.0)):  # type: ignore[union-attr]  # no condition
            return "stored", stats.attempts
    except IntakeError as error:
        return error.code, stats.attempts


def pause(seconds: int, status: int = 429) -> tuple[int, dict[str, str]]:
    return status, {"Retry-After": str(seconds)}


async def test_image_that_got_the_429_waits_once(lab: Lab) -> None:
    answers = iter([pause(5), (200, {})])
    lab.answer = lambda _: next(answers)

    assert await get(lab.downloader(), AT + "1") == ("stored", 2)

    assert 5.1 <= lab.sent[1][0] <= 5.3


@pytest.mark.parametrize(
    ("code", "first"), [("throttled", pause(5)), ("http_server_error", pause(5, 503)), ("http_server_error", (500, {}))]
)
async def test_image_keeps_its_own_error_when_another_one_extends_the_cool_down(
    code: str, first: tuple[int, dict[str, str]], lab: Lab
) -> None:
    lab.answer = lambda url: first if url.endswith("/1") else pause(60)
    downloader = lab.downloader()

    one, two = await asyncio.gather(get(downloader, AT + "1"), get(downloader, AT + "2"))

    assert (one, two) == ((code, 1), ("throttled", 1))
    assert len(lab.sent) == 2


async def test_images_that_wait_for_a_slot_of_the_origin_are_not_sent_when_its_cool_down_begins(lab: Lab) -> None:
    lab.answer = lambda _: pause(60)
    downloader = lab.downloader(max_per_origin=2)

    results = await asyncio.gather(*(get(downloader, f"{AT}{number}") for number in range(10)))

    assert sorted(results) == [("cooling_down", 0)] * 8 + [("throttled", 1)] * 2
    assert downloader.origins.limit(AT[:-1]) == 1  # what was not sent changes no limit


async def test_image_that_waits_for_a_cool_down_holds_no_slot_and_no_memory(lab: Lab) -> None:
    lab.answer = lambda url: pause(10) if url == AT + "1" else (200, {})
    downloader = lab.downloader(max_in_flight=1, max_attempts=1, memory_budget_bytes=len(IMAGE))
    assert await get(downloader, AT + "1") == ("throttled", 1)
    waiting = asyncio.create_task(get(downloader, AT + "2"))
    await asyncio.sleep(1)

    assert await get(downloader, "https://b.example/") == ("stored", 1)
    assert not waiting.done()
    assert await waiting == ("stored", 1)
    assert lab.clock.passed >= 10


async def test_cool_down_of_a_redirect_target_is_waited_for_in_place(lab: Lab) -> None:
    def answer(url: str) -> tuple[int, dict[str, str]]:
        if url.startswith(AT):
            return 302, {"Location": "https://b.example/"}
        return pause(10) if len(lab.sent) == 1 else (200, {})

    lab.answer = answer
    downloader = lab.downloader(max_attempts=1, max_in_flight=1)
    assert await get(downloader, "https://b.example/") == ("throttled", 1)
    waiting = asyncio.create_task(get(downloader, AT))
    await asyncio.sleep(1)

    assert await get(downloader, "https://c.example/") == ("stored", 1)  # the slot is free meanwhile
    assert await waiting == ("stored", 1)

    hosts = [url.split("/")[2][0] for _, url in lab.sent]
    assert hosts == ["b", "a", "c", "b"]


async def test_response_of_any_status_ends_a_row_of_failed_connections(lab: Lab) -> None:
    def answer(url: str) -> tuple[int, dict[str, str]]:
        if "down" in url:
            raise ConnectError("refused")
        return 404, {}

    lab.answer = answer
    downloader = lab.downloader(max_attempts=1)
    urls = [AT + "down"] * 19 + [AT + "missing"] + [AT + "down"] * 21

    codes = [(await get(downloader, url))[0] for url in urls]

    assert codes == ["connect_failed"] * 19 + ["not_found"] + ["connect_failed"] * 20 + ["cooling_down"]


@pytest.mark.parametrize(
    "url",
    [
        "http://10.0.0.1/",
        "http://[::1]/",
        "http://[64:ff9b::a9fe:a9fe]/",
        "http://169.254.169.254/",
        "http://a.example:22/",
    ],
)
async def test_blocked_url_is_refused_before_anything_is_read_about_its_origin(url: str, lab: Lab) -> None:
    assert await get(lab.downloader(), url) == ("blocked", 0)

    assert not lab.store.requests
    assert not lab.sent


async def test_allowed_address_is_asked_about(lab: Lab) -> None:
    downloader = lab.downloader(allowed_networks=(ip_network("10.0.0.0/8"),))

    assert await get(downloader, "http://10.0.0.1/") == ("stored", 1)
    assert sum(lab.store.requests.values()) == 1


@pytest.mark.parametrize("cancel_after", [0.05, 0.5, 5.0])
async def test_cancelled_image_holds_nothing(cancel_after: float, lab: Lab) -> None:
    """While it is requested, while it waits for a slot of the service, or for a cool-down."""
    lab.answer = lambda _: pause(10)
    downloader = lab.downloader(max_in_flight=1)
    tasks = [asyncio.create_task(get(downloader, f"{AT}{number}")) for number in range(3)]
    await asyncio.sleep(cancel_after)

    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)

    assert downloader.slots.active == 0
    assert downloader.budget.free == downloader.budget.size
    assert [state.active for state in downloader.origins._origins.values()] == [0]
    await downloader.cool_downs.aclose()
