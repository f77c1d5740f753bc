"""Timers that are moved, on a loop whose time is the test's own."""

import asyncio
import weakref
from collections.abc import Callable

import pytest

from intake.http_client.read_deadline import ReadDeadline


class _Ringing:
    """Counts, and has a loop whose time stands until it is told to pass."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.rung = 0
        self._loop = asyncio.get_running_loop()
        self.now = self._loop.time()
        monkeypatch.setattr(self._loop, "time", lambda: self.now)
        self.alarm = ReadDeadline()

    def ring(self) -> None:
        self.rung += 1

    def set(self, seconds: float) -> None:
        self.alarm.arm(self.now + seconds, self.ring)

    async def passes(self, seconds: float) -> int:
        """Let time pass, and say how often it has rung so far."""
        self.now += seconds
        for _ in range(4):
            await asyncio.sleep(0)
        return self.rung


class _Owner:
    def __init__(self) -> None:
        self.alarm = ReadDeadline()

    def ring(self) -> None: ...


@pytest.fixture
async def ringing(monkeypatch: pytest.MonkeyPatch) -> _Ringing:
    return _Ringing(monkeypatch)


async def test_it_rings_once(ringing: _Ringing) -> None:
    ringing.set(10)
    assert [await ringing.passes(9), await ringing.passes(2), await ringing.passes(100)] == [0, 1, 1]


async def test_a_moment_that_was_put_off_is_kept_and_the_earlier_one_is_not(ringing: _Ringing) -> None:
    ringing.set(10)
    ringing.set(20)
    assert [await ringing.passes(seconds) for seconds in (11, 8, 2, 100)] == [0, 0, 1, 1]


async def test_a_moment_that_comes_nearer_is_kept(ringing: _Ringing) -> None:
    ringing.set(20)
    ringing.set(10)
    assert [await ringing.passes(seconds) for seconds in (9, 2, 100)] == [0, 1, 1]


async def test_one_that_is_off_does_not_ring_until_it_is_set_again(ringing: _Ringing) -> None:
    ringing.set(10)
    ringing.alarm.disarm()
    assert await ringing.passes(100) == 0
    ringing.set(10)
    assert [await ringing.passes(9), await ringing.passes(2)] == [0, 1]


async def test_it_can_be_set_while_it_rings(ringing: _Ringing) -> None:
    def ring() -> None:
        ringing.ring()
        ringing.alarm.arm(ringing.now + 10, ring)

    ringing.alarm.arm(ringing.now + 10, ring)
    assert [await ringing.passes(11), await ringing.passes(11)] == [1, 2]


@pytest.mark.parametrize("how", [ReadDeadline.disarm, ReadDeadline.close])
@pytest.mark.usefixtures("no_collector")
async def test_who_was_to_be_rung_is_not_kept(how: Callable[[ReadDeadline], None]) -> None:
    """A connection has an alarm that rings it: a circle, which only the collector would undo, with a body in it."""
    owner = _Owner()
    owner.alarm.arm(asyncio.get_running_loop().time() + 10, owner.ring)
    how(owner.alarm)
    there = weakref.ref(owner)
    del owner
    assert there() is None


async def test_one_that_was_dropped_leaves_nothing_with_the_loop(ringing: _Ringing) -> None:
    ringing.set(10)
    timer = ringing.alarm._timer
    ringing.alarm.close()
    assert timer is not None
    assert timer.cancelled()
