"""Documents of cool-downs: when they are written, and what is left to do when that fails."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from intake.download.cool_down_document import encode_cool_down
from intake.model.error_codes import StoreDenied, StoreFailed
from support.cool_down_lab import KEY, CoolDownLab
from support.virtual_clock import VirtualClock


@pytest.fixture
async def lab(clock: VirtualClock) -> AsyncGenerator[CoolDownLab]:
    made = CoolDownLab(clock, encode_cool_down(clock.wall() + 30))
    yield made
    await made.shared.aclose()


async def test_images_that_fail_together_write_once(lab: CoolDownLab) -> None:
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


async def test_next_episode_and_a_much_longer_pause_are_written_too(lab: CoolDownLab) -> None:
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
    expected: float, calls: dict[str, int], theirs: list[float], lab: CoolDownLab
) -> None:
    del lab.store.objects[KEY]
    lab.store.written_by_others = [encode_cool_down(lab.clock.wall() + seconds) for seconds in theirs]

    lab.begin(30)
    await lab.shared.flush(1.0)

    assert lab.seconds_written == expected
    assert lab.seconds_left == max([30, *theirs])
    assert lab.store.calls == calls


async def test_document_that_was_deleted_or_is_rubbish_is_written_again(lab: CoolDownLab) -> None:
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


async def test_missing_document_is_created_although_the_store_denies_its_read(lab: CoolDownLab) -> None:
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
    calls: dict[str, int], failure: Exception, lab: CoolDownLab
) -> None:
    lab.store.failures["origins/"] = failure
    for _ in range(3):
        lab.begin()
        await lab.shared.flush(1.0)

    assert lab.store.calls == calls
    assert lab.seconds_left == 30


async def test_write_whose_response_is_lost_is_read_and_not_repeated(lab: CoolDownLab) -> None:
    del lab.store.objects[KEY]
    lab.store.loses_responses = True

    lab.begin()
    await lab.shared.flush(1.0)

    assert lab.store.calls == {"replace": 1, "get": 1}


async def test_write_that_is_too_slow_for_one_file_is_done_by_the_next_flush(lab: CoolDownLab) -> None:
    lab.store.delay = 1.0
    lab.begin(60)
    began = lab.clock.passed

    await lab.shared.flush(0.1)

    assert lab.clock.passed - began == pytest.approx(0.1)
    await asyncio.sleep(5)
    assert lab.seconds_written < 30  # nothing runs on in the background
    await lab.shared.flush(4.0)
    assert lab.seconds_written == pytest.approx(51.9)


async def test_write_that_hangs_is_given_up(lab: CoolDownLab) -> None:
    lab.store.delay = 1e9
    lab.begin(60)

    await asyncio.sleep(11)

    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_cancelled_flush_leaves_nothing_running(lab: CoolDownLab) -> None:
    lab.store.delay = 1.0
    lab.begin(60)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await lab.shared.flush(10.0)

    assert asyncio.all_tasks() == {asyncio.current_task()}
    await lab.shared.flush(10.0)
    assert lab.seconds_written > 50


async def test_cool_down_that_ended_before_it_could_be_written_is_dropped(lab: CoolDownLab) -> None:
    lab.store.delay = 1.0
    lab.begin(40)
    await lab.shared.flush(0.1)
    await asyncio.sleep(60)
    lab.store.calls.clear()

    await lab.shared.flush(1.0)

    assert not lab.store.calls


async def test_closed_documents_leave_no_task(lab: CoolDownLab) -> None:
    lab.store.delay = 1.0
    lab.begin()
    await lab.refresh()

    await lab.shared.aclose()

    assert asyncio.all_tasks() == {asyncio.current_task()}
