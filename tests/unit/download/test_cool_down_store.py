"""Documents of cool-downs: when they are read, and what a bad store changes."""

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


@pytest.mark.parametrize(
    ("waited", "is_known", "delay"), [(0.0, True, 0.0), (0.02, True, 0.02), (0.05, False, 0.06), (0.05, False, 1e9)]
)
async def test_requests_share_one_read_and_wait_at_most_50_ms_for_it(
    waited: float,
    is_known: bool,  # noqa: FBT001 - a value of the table
    delay: float,
    lab: CoolDownLab,
) -> None:
    lab.store.delay = delay

    assert await lab.refresh(requests=64) == waited

    assert (lab.seconds_left > 0) is is_known
    assert lab.store.calls == {"get": 1}


async def test_slow_read_counts_for_later_requests_and_nobody_waits_for_it_again(lab: CoolDownLab) -> None:
    lab.store.delay = 0.2
    await lab.refresh()

    assert await lab.refresh() == 0

    await asyncio.sleep(0.2)
    assert lab.seconds_left > 0
    assert lab.store.calls == {"get": 1}


async def test_read_that_hangs_is_given_up_and_tried_again(lab: CoolDownLab) -> None:
    lab.store.delay = 1e9
    await lab.refresh()
    await asyncio.sleep(6)
    lab.store.delay = 0.0

    await lab.refresh()

    assert lab.seconds_left > 0


@pytest.mark.parametrize("failure", [StoreDenied(), StoreFailed(), RuntimeError("a bug, or no credentials"), None])
async def test_failed_read_or_rubbish_is_no_cool_down_and_is_not_repeated_for_five_seconds(
    failure: Exception | None, lab: CoolDownLab
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


async def test_read_is_repeated_when_the_clock_was_set_back(lab: CoolDownLab) -> None:
    await lab.refresh()
    lab.clock.wall_offset -= 3600

    await lab.refresh()

    assert lab.store.calls == {"get": 2}


async def test_store_that_is_not_ready_is_not_asked(lab: CoolDownLab) -> None:
    lab.store.is_ready, lab.store.delay = False, 1.0

    assert await lab.refresh() == 0

    assert not lab.store.calls


async def test_requests_stop_to_wait_after_eight_quiet_reads_until_a_cool_down_is_found(lab: CoolDownLab) -> None:
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
