"""Documents of cool-downs in a store in memory: when they are read and written, and what a bad store changes."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from intake.download.cool_down import CoolDown
from intake.download.cool_down_document import encode_cool_down, parse_cool_down
from intake.download.shared_cool_downs import SharedCoolDowns
from intake.model.error_codes import StoreDenied, StoreFailed
from support.racing_store import RacingStore
from support.virtual_clock import VirtualClock

KEY = "origins/0.json"


class Lab:
    """One environment, its store, and an origin that it knows."""

    def __init__(self, clock: VirtualClock, document: bytes | None = None) -> None:
        self.clock = clock
        self.store = RacingStore()
        self.shared = SharedCoolDowns(self.store, clock.wall)
        self.cool_down = CoolDown(KEY)
        if document is not None:
            self.store.objects[KEY] = document

    @property
    def seconds_left(self) -> float:
        return self.cool_down.seconds_left(self.clock.wall())

    @property
    def seconds_written(self) -> float:
        """How long the cool-down in the document lasts."""
        return (parse_cool_down(self.store.objects[KEY]) or 0.0) - self.clock.wall()

    async def refresh(self, requests: int = 1) -> float:
        """Let some requests refresh at once; return the seconds until the last one goes on."""
        began = self.clock.passed
        await asyncio.gather(*(self.shared.wait_for_read(self.cool_down) for _ in range(requests)))
        return round(self.clock.passed - began, 6)

    def begin(self, seconds: float = 30.0) -> None:
        self.cool_down.extend(seconds, self.clock.wall())
        self.shared.share(self.cool_down)


@pytest.fixture
async def lab(clock: VirtualClock) -> AsyncGenerator[Lab]:
    made = Lab(clock, encode_cool_down(clock.wall() + 30))
    yield made
    await made.shared.aclose()


@pytest.mark.parametrize(
    ("waited", "is_known", "delay"), [(0.0, True, 0.0), (0.02, True, 0.02), (0.05, False, 0.06), (0.05, False, 1e9)]
)
async def test_requests_share_one_read_and_wait_at_most_50_ms_for_it(
    waited: float,
    is_known: bool,  # noqa: FBT001 - a value of the table
    delay: float,
    lab: Lab,
) -> None:
    lab.store.delay = delay

    assert await lab.refresh(requests=64) == waited

    assert (lab.seconds_left > 0) is is_known
    assert lab.store.calls == {"get": 1}


async def test_slow_read_counts_for_later_requests_and_nobody_waits_for_it_again(lab: Lab) -> None:
    lab.store.delay = 0.2
    await lab.refresh()

    assert await lab.refresh() == 0

    await asyncio.sleep(0.2)
    assert lab.seconds_left > 0
    assert lab.store.calls == {"get": 1}


async def test_read_that_hangs_is_given_up_and_tried_again(lab: Lab) -> None:
    lab.store.delay = 1e9
    await lab.refresh()
    await asyncio.sleep(6)
    lab.store.delay = 0.0

    await lab.refresh()

    assert lab.seconds_left > 0


@pytest.mark.parametrize("failure", [StoreDenied(), StoreFailed(), RuntimeError("a bug, or no credentials"), None])
async def test_failed_read_or_rubbish_is_no_cool_down_and_is_not_repeated_for_five_seconds(
    failure: Exception | None, lab: Lab
) -> None:
    if failure is None:
        lab.store.objects[KEY] = b'{"version":1}'
    else:
        lab.store.failures["origins/"] = failure

    await lab.refresh()
    assert lab.cool_down.is_clear(lab.clock.wall())
    await asyncio.sleep(4.9)
    await lab.refresh()
    assert lab.store.calls == {"get": 1}
    await asyncio.sleep(0.2)
    await lab.refresh()
    assert lab.store.calls == {"get": 2}


async def test_read_is_repeated_when_the_clock_was_set_back(lab: Lab) -> None:
    await lab.refresh()
    lab.clock.wall_offset -= 3600

    await lab.refresh()

    assert lab.store.calls == {"get": 2}


async def test_store_that_is_not_ready_is_not_asked(lab: Lab) -> None:
    lab.store.is_ready, lab.store.delay = False, 1.0

    assert await lab.refresh() == 0

    assert not lab.store.calls


async def test_requests_stop_to_wait_after_eight_quiet_reads_until_a_cool_down_is_found(lab: Lab) -> None:
    lab.store.delay = 0.02
    document = lab.store.objects.pop(KEY)
    waits = []
    for _ in range(10):
        waits.append(await lab.refresh())
        await asyncio.sleep(5.1)
    assert waits == [0.02] * 8 + [0.0] * 2
    assert lab.store.calls == {"get": 10}

    lab.store.objects[KEY] = document.replace(b"2027", b"2028")  # far ahead
    await lab.refresh()
    await asyncio.sleep(0.1)

    assert lab.seconds_left > 800
    assert lab.cool_down.quiet_reads == 0


async def test_images_that_fail_together_write_once(lab: Lab) -> None:
    del lab.store.objects[KEY]
    lab.store.delay = 0.02

    for _ in range(64):
        lab.begin()
        await asyncio.sleep(0.01)
    await lab.shared.flush(1.0)

    assert lab.store.calls == {"replace": 1}
    assert not lab.shared._unshared
    assert lab.seconds_left == pytest.approx(30, abs=0.05)
    assert lab.seconds_written == pytest.approx(29.4, abs=0.1)


async def test_next_episode_and_a_much_longer_pause_are_written_too(lab: Lab) -> None:
    for seconds in (1.0, 60.0):
        lab.begin(seconds)
        await lab.shared.flush(1.0)
    assert lab.seconds_written == 60
    await asyncio.sleep(61)
    lab.begin(1.0)
    await lab.shared.flush(1.0)
    assert lab.seconds_written == 1


@pytest.mark.parametrize(
    ("expected", "calls", "theirs"),
    [
        (30, {"replace": 1}, []),
        (60, {"replace": 1, "get": 1}, [60]),  # theirs is later: it stays
        (30, {"replace": 2, "get": 1}, [10]),
        (30, {"replace": 3, "get": 2}, [10, 20]),
        (29, {"replace": 1, "get": 1}, [29]),  # theirs is nearly as late
        (25, {"replace": 3, "get": 3}, [10, 20, 25]),  # it is not tried again
    ],
)
async def test_write_never_shortens_what_others_write_meanwhile(
    expected: float, calls: dict[str, int], theirs: list[float], lab: Lab
) -> None:
    del lab.store.objects[KEY]
    lab.store.written_by_others = [encode_cool_down(lab.clock.wall() + seconds) for seconds in theirs]

    lab.begin(30)
    await lab.shared.flush(1.0)

    assert lab.seconds_written == expected
    assert lab.seconds_left == max([30, *theirs])
    assert lab.store.calls == calls


async def test_document_that_was_deleted_or_is_rubbish_is_written_again(lab: Lab) -> None:
    await lab.refresh()  # knows the version
    lab.clock.passed += 100
    for broken in (None, b"rubbish"):
        lab.store.objects.pop(KEY)
        if broken:
            lab.store.objects[KEY] = broken
        lab.begin(30)
        await lab.shared.flush(1.0)
        assert lab.seconds_written == 30
        lab.clock.passed += 100


async def test_missing_document_is_created_although_the_store_denies_its_read(lab: Lab) -> None:
    """S3 does without the right to list."""
    await lab.refresh()
    lab.clock.passed += 100
    del lab.store.objects[KEY]
    lab.store.failing_reads = 1

    lab.begin(30)
    await lab.shared.flush(1.0)

    assert lab.seconds_written == 30


@pytest.mark.parametrize(
    ("calls", "failure"),
    [
        ({"replace": 1}, StoreDenied()),
        ({"replace": 1}, RuntimeError("a bug, or no credentials")),
        ({"replace": 3, "get": 3}, StoreFailed()),
    ],
)
async def test_failed_write_is_not_tried_again_in_the_same_episode(
    calls: dict[str, int], failure: Exception, lab: Lab
) -> None:
    lab.store.failures["origins/"] = failure
    for _ in range(3):
        lab.begin()
        await lab.shared.flush(1.0)

    assert lab.store.calls == calls
    assert lab.seconds_left == 30


async def test_write_whose_response_is_lost_is_read_and_not_repeated(lab: Lab) -> None:
    del lab.store.objects[KEY]
    lab.store.loses_responses = True

    lab.begin()
    await lab.shared.flush(1.0)

    assert lab.store.calls == {"replace": 1, "get": 1}


async def test_write_that_is_too_slow_for_one_file_is_done_by_the_next_flush(lab: Lab) -> None:
    lab.store.delay = 1.0
    lab.begin(60)
    began = lab.clock.passed

    await lab.shared.flush(0.1)

    assert lab.clock.passed - began == pytest.approx(0.1)
    await asyncio.sleep(5)
    assert lab.seconds_written < 30  # nothing runs on in the background
    await lab.shared.flush(4.0)
    assert lab.seconds_written == pytest.approx(51.9)


async def test_write_that_hangs_is_given_up(lab: Lab) -> None:
    lab.store.delay = 1e9
    lab.begin(60)

    await asyncio.sleep(11)

    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_cancelled_flush_leaves_nothing_running(lab: Lab) -> None:
    lab.store.delay = 1.0
    lab.begin(60)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await lab.shared.flush(10.0)

    assert asyncio.all_tasks() == {asyncio.current_task()}
    await lab.shared.flush(10.0)
    assert lab.seconds_written > 50


async def test_cool_down_that_ended_before_it_could_be_written_is_dropped(lab: Lab) -> None:
    lab.store.delay = 1.0
    lab.begin(40)
    await lab.shared.flush(0.1)
    await asyncio.sleep(60)
    lab.store.calls.clear()

    await lab.shared.flush(1.0)

    assert not lab.store.calls


async def test_closed_documents_leave_no_task(lab: Lab) -> None:
    lab.store.delay = 1.0
    lab.begin()
    await lab.refresh()

    await lab.shared.aclose()

    assert asyncio.all_tasks() == {asyncio.current_task()}
