"""Requests wait for the cool-down of their origin, or fail; on a clock that jumps, over a store in memory."""

import asyncio
import re
from collections.abc import AsyncGenerator

import pytest

from intake.download.cool_down_document import encode_cool_down
from intake.download.fair_limit import FairLimit
from intake.download.image_download import ImageDownload
from intake.download.image_timeout import ImageTimer
from intake.download.memory_and_slot import MemoryAndSlot
from intake.download.memory_budget import MemoryBudget
from intake.download.origin_cool_downs import OriginCoolDowns
from intake.http_client import errors as http
from intake.ingest.deadline import Deadline
from intake.model.error_codes import CoolingDown, HttpServerError, NotReady, Throttled
from intake.model.object_keys import cool_down_key
from intake.model.outcome import FetchStats
from intake.model.url import Url
from support.fake_ports import FakeStore
from support.virtual_clock import VirtualClock

URL = Url.parse("https://a.example/1.jpg")
OTHERS = [Url.parse(text) for text in ("http://a.example/", "https://a.example:8443/", "https://b.a.example/")]
THROTTLED = Throttled(retry_after=10.0)


def image_download(image_seconds: float, file_seconds: float) -> ImageDownload:
    held = MemoryAndSlot(MemoryBudget(1), FairLimit(1))
    return ImageDownload(held, ImageTimer(image_seconds), Deadline.after(file_seconds), FetchStats())


class Environment:
    """One execution environment: its cool-downs, and requests that wait for them."""

    def __init__(self, clock: VirtualClock, store: FakeStore | None) -> None:
        self.clock = clock
        self.cool_downs = OriginCoolDowns(store, clock.wall)

    def note(self, error: Exception, url: Url = URL, times: int = 1) -> None:
        for _ in range(times):
            self.cool_downs.note(self.cool_downs.find(url), error)

    async def wait(self, url: Url = URL, image_seconds: float = 15.0, file_seconds: float = 600.0) -> float:
        """Wait as a request does; return the seconds."""
        began, cool_down = self.clock.passed, self.cool_downs.find(url)
        if not cool_down.is_clear(self.clock.wall()):
            await self.cool_downs.wait(url, cool_down, image_download(image_seconds, file_seconds))
        return self.clock.passed - began


@pytest.fixture
def store() -> FakeStore:
    return FakeStore()


@pytest.fixture
async def environment(clock: VirtualClock, store: FakeStore) -> AsyncGenerator[Environment]:
    made = Environment(clock, store)
    yield made
    await made.cool_downs.aclose()


@pytest.mark.parametrize(
    ("expected", "error"),
    [
        (10, THROTTLED),
        (10, HttpServerError(status=503, retry_after=10.0)),
        (0, Throttled(retry_after=0.0)),
        (0, Throttled()),
        (0, HttpServerError(status=503)),
        *((0, HttpServerError(status=status, retry_after=10.0)) for status in (500, 502, 504, 408, 425)),
        (0, NotReady(retry_after=10.0)),
    ],
)
async def test_every_request_waits_after_429_or_503_with_retry_after(
    expected: float, error: Exception, environment: Environment
) -> None:
    environment.note(error)

    waits = await asyncio.gather(*(environment.wait() for _ in range(20)))

    assert all(expected <= wait <= expected + 0.1 for wait in waits)
    assert len({round(wait, 6) for wait in waits}) > 10 or not expected  # not all in the same millisecond


@pytest.mark.parametrize("error", [http.DnsError, http.ConnectError, http.TlsError, http.ConnectTimeout])
async def test_origin_cools_down_for_30_seconds_after_20_failed_connections(
    error: type[http.TransportError], environment: Environment
) -> None:
    environment.note(error(""), times=19)
    assert await environment.wait() == 0
    environment.note(error(""))
    assert await environment.wait(image_seconds=60.0) == pytest.approx(30, abs=0.11)
    environment.note(error(""), times=19)
    assert await environment.wait() == 0


@pytest.mark.parametrize("error", [http.ReadTimeout, http.ConnectionLost, http.IncompleteBody, http.MalformedResponse])
async def test_lost_responses_are_no_failed_connections(
    error: type[http.TransportError], environment: Environment
) -> None:
    environment.note(error(""), times=100)

    assert await environment.wait() == 0


@pytest.mark.parametrize(
    ("seconds", "retry_after", "image_seconds", "file_seconds"),
    [
        (10, 10.0, 9.9, 60.0),
        (10, 9.2, 60.0, 9.1),
        (900, 9e9, 600.0, 60.0),
        (900, float("inf"), 15.0, 60.0),
        (1, 0.5, 0.2, 9.0),
    ],
)
async def test_request_fails_at_once_when_the_cool_down_is_longer_than_its_time(
    seconds: int, retry_after: float, image_seconds: float, file_seconds: float, environment: Environment
) -> None:
    environment.note(Throttled(retry_after=retry_after))
    began = environment.clock.passed

    with pytest.raises(CoolingDown, match=rf"asked everybody to wait.* another {seconds} seconds\."):
        await environment.wait(image_seconds=image_seconds, file_seconds=file_seconds)

    assert environment.clock.passed == began


@pytest.mark.parametrize(
    ("retry_after", "is_unreachable", "failures", "has_answered"),
    [(None, True, 20, False), (pytest.approx(30), True, 20, True), (10.0, True, 1, True), (10.0, False, 0, False)],
)
async def test_error_says_when_to_ask_again_unless_the_origin_has_never_answered(
    retry_after: float | None,
    failures: int,
    environment: Environment,
    store: FakeStore,
    *,
    is_unreachable: bool,
    has_answered: bool,
) -> None:
    """Another environment learns it from the document, in which only a silent origin is unreachable."""
    environment.cool_downs.find(URL).has_answered = has_answered
    environment.note(http.ConnectError(""), times=failures)
    if failures < 20:
        environment.note(THROTTLED)
    await environment.cool_downs.flush(1.0)
    other = Environment(environment.clock, store)

    errors = []
    for each in (environment, other):
        with pytest.raises(CoolingDown) as raised:
            await each.wait(image_seconds=5.0)
        errors.append((raised.value.retry_after, raised.value.is_unreachable))

    assert errors == [(retry_after, is_unreachable), (retry_after, is_unreachable and not has_answered)]
    await other.cool_downs.aclose()


async def test_waiting_counts_towards_the_time_of_the_image(environment: Environment) -> None:
    environment.note(THROTTLED)
    image = image_download(15.0, 60.0)

    await environment.cool_downs.wait(URL, environment.cool_downs.find(URL), image)

    assert image.seconds_left == pytest.approx(5, abs=0.11)


async def test_request_waits_on_when_the_cool_down_is_extended_meanwhile(environment: Environment) -> None:
    environment.note(THROTTLED)
    waiting = [asyncio.create_task(environment.wait(image_seconds=seconds)) for seconds in (15.0, 30.0)]
    await asyncio.sleep(5)
    environment.note(Throttled(retry_after=20.0))

    short, long = await asyncio.gather(*waiting, return_exceptions=True)

    assert isinstance(short, CoolingDown)
    assert long == pytest.approx(25, abs=0.21)


@pytest.mark.parametrize("url", OTHERS)
async def test_other_origins_do_not_wait(url: Url, environment: Environment) -> None:
    environment.note(THROTTLED)

    assert await environment.wait(url) == 0


@pytest.mark.parametrize("text", ["https://a.example/2.jpg?x", "https://A.EXAMPLE:443/", "https://a.example./"])
async def test_second_environment_waits_too(
    text: str, environment: Environment, clock: VirtualClock, store: FakeStore
) -> None:
    environment.note(THROTTLED)
    await environment.cool_downs.flush(1.0)

    assert await Environment(clock, store).wait(Url.parse(text)) == pytest.approx(10, abs=0.11)


async def test_warm_environment_learns_within_five_seconds(
    environment: Environment, clock: VirtualClock, store: FakeStore
) -> None:
    assert await environment.wait() == 0
    other = Environment(clock, store)
    other.note(Throttled(retry_after=60.0))
    await other.cool_downs.flush(1.0)
    clock.passed += 4.9
    assert await environment.wait() == 0
    clock.passed += 0.2

    with pytest.raises(CoolingDown, match="55 seconds"):
        await environment.wait()

    assert store.requests[f"GET {cool_down_key(URL)}"] == 2


async def test_request_that_waited_for_its_turn_does_not_wait_for_a_read(
    environment: Environment, clock: VirtualClock, store: FakeStore
) -> None:
    store.objects[cool_down_key(URL)] = encode_cool_down(clock.wall() + 60)
    store.delay = 0.02
    cool_down = environment.cool_downs.find(URL)

    assert not environment.cool_downs.has_begun(cool_down)
    await asyncio.sleep(0.03)

    assert environment.cool_downs.has_begun(cool_down)


async def test_number_of_origins_is_bounded_and_busy_ones_stay(environment: Environment, store: FakeStore) -> None:
    store.is_ready = False  # it cannot be asked for what was dropped
    environment.note(THROTTLED)
    for number in range(3000):
        if number % 500 == 0:
            with pytest.raises(CoolingDown):
                await environment.wait(image_seconds=1.0)
        environment.cool_downs.find(Url.parse(f"https://{number}.example/"))

    assert len(environment.cool_downs._origins) == 1024
    with pytest.raises(CoolingDown):
        await environment.wait(image_seconds=1.0)


async def test_nothing_cools_down_without_a_store(clock: VirtualClock) -> None:
    environment = Environment(clock, None)
    environment.note(THROTTLED)
    environment.note(http.ConnectError(""), times=40)

    assert await environment.wait() == 0

    await environment.cool_downs.flush(1.0)
    await environment.cool_downs.aclose()


def test_key_of_the_document_says_nothing_of_the_origin_and_has_the_port() -> None:
    keys = [cool_down_key(url) for url in (URL, *OTHERS, Url.parse("https://[2606:4700::1]/"))]

    assert keys[0] == "origins/95b7c3f65cd6bce84f019d5ae6a9809354606405f9837454639c04ca190b288d.json"
    assert len(set(keys)) == len(keys)
    assert all(re.fullmatch(r"origins/[0-9a-f]{64}\.json", key) for key in keys)
