"""The clock of one image, on a loop whose time is the test's own."""

import asyncio
import weakref
from collections.abc import AsyncGenerator
from contextlib import suppress

import pytest

from intake.download.image_timer import ImageTimer
from intake.model.errors import Timeout


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


async def test_it_counts_down_while_it_is_entered(moment: _Time) -> None:
    """And at no other time, however often that is, and however long."""
    clock = ImageTimer(15)
    for _ in range(3):
        await moment.passes(1000)
        async with clock:
            await moment.passes(4)
    assert (round(1000 * clock.left), clock.elapsed_ms) == (3000, 12000)


async def test_what_takes_longer_is_a_timeout(moment: _Time) -> None:
    clock = ImageTimer(15)

    async def work() -> None:
        async with clock:
            await moment.passes(14)
        await moment.passes(1000)
        async with clock:
            await moment.passes(2)

    with pytest.raises(Timeout, match="15 seconds"):
        await work()

    assert (clock.left <= 0, _cancelling()) == (True, 0)


async def test_there_is_no_more_once_the_time_is_over(moment: _Time) -> None:
    clock = ImageTimer(15)

    async def work() -> None:
        async with clock:
            await moment.passes(1)

    with suppress(Timeout):
        async with clock:
            await moment.passes(16)
    with pytest.raises(Timeout):
        await work()


async def test_it_stands_still_after_what_failed(moment: _Time) -> None:
    clock = ImageTimer(15)
    with suppress(ValueError):
        async with clock:
            await moment.passes(4)
            raise ValueError
    await moment.passes(1000)
    assert round(1000 * clock.left) == 11000


async def test_to_be_cut_off_is_no_timeout() -> None:
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
    """One that can be watched."""


@pytest.mark.usefixtures("no_collector")
async def test_what_was_cut_off_is_let_go_without_the_collector() -> None:
    """The room of a body is given to others at that moment: it has to be there."""
    watched: list[weakref.ref[_Body]] = []

    async def work() -> None:
        clock, body = ImageTimer(15), _Body(b"body")
        watched.append(weakref.ref(body))
        async with clock:
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
