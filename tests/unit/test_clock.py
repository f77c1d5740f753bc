"""The clock of one image, on a loop whose time is the test's own."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import nullcontext, suppress

import pytest

from intake.adapters.clock import ImageClock
from intake.domain.errors import Timeout


class _Time:
    """Time that passes when it is told to."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._begin = loop.time()
        self._passed = 0.0
        self._loop = loop

    def __call__(self) -> float:
        return self._begin + self._passed

    async def passes(self, seconds: float) -> None:
        self._passed += seconds
        for _ in range(5):
            await asyncio.sleep(0)


@pytest.fixture
async def moment(monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[_Time]:
    loop = asyncio.get_running_loop()
    made = _Time(loop)
    monkeypatch.setattr(loop, "time", made)
    yield made
    monkeypatch.undo()


async def test_it_counts_down(moment: _Time) -> None:
    async with ImageClock.running(15) as clock:
        await moment.passes(4)
        assert (round(1000 * clock.left), clock.elapsed_ms) == (11000, 4000)


async def test_what_takes_longer_is_a_timeout(moment: _Time) -> None:
    async def work() -> None:
        async with ImageClock.running(15):
            await moment.passes(14)
            await moment.passes(2)

    with pytest.raises(Timeout, match="15 seconds"):
        await work()

    assert not _cancelling()


async def test_it_stands_still_while_paused(moment: _Time) -> None:
    """However long that is, and however often."""
    async with ImageClock.running(15) as clock:
        for _ in range(3):
            await moment.passes(4)
            with clock.paused():
                await moment.passes(1000)
        assert (round(1000 * clock.left), clock.elapsed_ms) == (3000, 12000)


async def test_it_goes_on_after_a_pause(moment: _Time) -> None:
    async def work() -> None:
        async with ImageClock.running(15) as clock:
            with clock.paused():
                await moment.passes(1000)
            await moment.passes(16)

    with pytest.raises(Timeout):
        await work()


async def test_it_goes_on_after_a_pause_that_failed(moment: _Time) -> None:
    async with ImageClock.running(15) as clock:
        with suppress(ValueError), clock.paused():
            await moment.passes(1000)
            raise ValueError
        assert round(1000 * clock.left) == 15000


@pytest.mark.parametrize("how", ["running", "paused"])
async def test_to_be_cut_off_is_no_timeout(how: str) -> None:
    started = asyncio.Event()

    async def work() -> None:
        async with ImageClock.running(15) as clock:
            with clock.paused() if how == "paused" else nullcontext():
                started.set()
                await asyncio.Event().wait()

    task = asyncio.create_task(work())
    await started.wait()
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_pause_that_begins_when_the_time_is_over_changes_nothing(moment: _Time) -> None:
    async def work() -> None:
        async with ImageClock.running(15) as clock:
            try:
                await moment.passes(16)
            finally:
                with clock.paused():
                    pass

    with pytest.raises(Timeout):
        await work()


def _cancelling() -> int:
    task = asyncio.current_task()
    assert task is not None
    return task.cancelling()
