"""The time limit of one image, on an event loop whose timer the test sets."""

import asyncio
import weakref
from collections.abc import AsyncGenerator
from contextlib import suppress

import pytest

from intake.download.image_timeout import ImageTimer
from intake.model.error_codes import Timeout


class _FakeClock:
    """A clock that the test moves."""

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
async def moment(monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[_FakeClock]:
    loop = asyncio.get_running_loop()
    made = _FakeClock(loop)
    monkeypatch.setattr(loop, "time", made)
    yield made
    monkeypatch.undo()


async def test_timer_counts_only_while_entered(moment: _FakeClock) -> None:
    """However often and however long it is not."""
    timer = ImageTimer(15)
    for _ in range(3):
        await moment.passes(1000)
        async with timer:
            await moment.passes(4)
    assert (round(1000 * timer.seconds_left), timer.elapsed_ms) == (3000, 12000)


async def test_timer_does_not_count_while_paused(moment: _FakeClock) -> None:
    timer = ImageTimer(15)
    async with timer:
        await moment.passes(5)
        for _ in range(2):
            with timer.paused():
                await moment.passes(1000)
        await moment.passes(4)
    assert (round(1000 * timer.seconds_left), timer.elapsed_ms) == (6000, 9000)


async def test_timer_counts_on_after_a_pause(moment: _FakeClock) -> None:
    timer = ImageTimer(15)

    async def work() -> None:
        async with timer:
            await moment.passes(10)
            with timer.paused():
                await moment.passes(1000)
            await moment.passes(6)

    with pytest.raises(Timeout, match="15 seconds"):
        await work()


async def test_timer_raises_timeout_when_its_seconds_are_over(moment: _FakeClock) -> None:
    timer = ImageTimer(15)

    async def work() -> None:
        async with timer:
            await moment.passes(14)
        await moment.passes(1000)
        async with timer:
            await moment.passes(2)

    with pytest.raises(Timeout, match="15 seconds"):
        await work()

    assert (timer.seconds_left <= 0, _cancelling()) == (True, 0)


async def test_timer_allows_no_work_once_its_seconds_are_over(moment: _FakeClock) -> None:
    timer = ImageTimer(15)

    async def work() -> None:
        async with timer:
            await moment.passes(1)

    with suppress(Timeout):
        async with timer:
            await moment.passes(16)
    with pytest.raises(Timeout):
        await work()


async def test_timer_stops_after_an_exception(moment: _FakeClock) -> None:
    timer = ImageTimer(15)
    with suppress(ValueError):
        async with timer:
            await moment.passes(4)
            raise ValueError
    await moment.passes(1000)
    assert round(1000 * timer.seconds_left) == 11000


async def test_cancellation_is_no_timeout() -> None:
    started = asyncio.Event()

    async def work() -> None:
        async with ImageTimer(15):
            started.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(work())
    await started.wait()
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task


class _Body(bytearray):
    """A body that a weak reference can watch."""


@pytest.mark.usefixtures("no_collector")
async def test_cancelled_work_is_freed_without_the_garbage_collector() -> None:
    """The memory budget grants the bytes to others at that moment."""
    watched: list[weakref.ref[_Body]] = []

    async def work() -> None:
        timer, body = ImageTimer(15), _Body(b"body")
        watched.append(weakref.ref(body))
        async with timer:
            await asyncio.Event().wait()

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    del task

    assert [body() for body in watched] == [None]


def _cancelling() -> int:
    task = asyncio.current_task()
    assert task is not None
    return task.cancelling()
