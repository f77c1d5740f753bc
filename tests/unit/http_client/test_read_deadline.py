"""The deadline, on a loop whose clock the test advances."""

import asyncio
import weakref
from collections.abc import Callable

import pytest

from intake.http_client.read_deadline import ReadDeadline


class _Clock:
    """Sets the loop's time, and counts how often the deadline has called back."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls = 0
        self._loop = asyncio.get_running_loop()
        self.now = self._loop.time()
        monkeypatch.setattr(self._loop, "time", lambda: self.now)
        self.deadline = ReadDeadline()

    def call(self) -> None:
        self.calls += 1

    def arm(self, seconds: float) -> None:
        self.deadline.arm(self.now + seconds, self.call)

    async def advance(self, seconds: float) -> int:
        """Advance the time, and return the number of calls up to now."""
        self.now += seconds
        for _ in range(4):
            await asyncio.sleep(0)
        return self.calls


class _Owner:
    def __init__(self) -> None:
        self.deadline = ReadDeadline()

    def call(self) -> None: ...


@pytest.fixture
async def clock(monkeypatch: pytest.MonkeyPatch) -> _Clock:
    return _Clock(monkeypatch)


async def test_deadline_calls_back_once(clock: _Clock) -> None:
    clock.arm(10)
    assert [await clock.advance(9), await clock.advance(2), await clock.advance(100)] == [0, 1, 1]


async def test_deadline_calls_back_at_the_later_time_when_it_is_extended(clock: _Clock) -> None:
    clock.arm(10)
    clock.arm(20)
    assert [await clock.advance(seconds) for seconds in (11, 8, 2, 100)] == [0, 0, 1, 1]


async def test_deadline_calls_back_at_the_earlier_time_when_it_is_brought_forward(clock: _Clock) -> None:
    clock.arm(20)
    clock.arm(10)
    assert [await clock.advance(seconds) for seconds in (9, 2, 100)] == [0, 1, 1]


async def test_disarmed_deadline_does_not_call_back_until_it_is_armed_again(clock: _Clock) -> None:
    clock.arm(10)
    clock.deadline.disarm()
    assert await clock.advance(100) == 0
    clock.arm(10)
    assert [await clock.advance(9), await clock.advance(2)] == [0, 1]


async def test_deadline_can_be_armed_by_its_callback(clock: _Clock) -> None:
    def call() -> None:
        clock.call()
        clock.deadline.arm(clock.now + 10, call)

    clock.deadline.arm(clock.now + 10, call)
    assert [await clock.advance(11), await clock.advance(11)] == [1, 2]


@pytest.mark.parametrize("stop", [ReadDeadline.disarm, ReadDeadline.close])
@pytest.mark.usefixtures("no_collector")
async def test_stopped_deadline_keeps_no_reference_to_its_owner(stop: Callable[[ReadDeadline], None]) -> None:
    """A connection and its deadline refer to each other while armed: only the collector would free the body."""
    owner = _Owner()
    owner.deadline.arm(asyncio.get_running_loop().time() + 10, owner.call)
    stop(owner.deadline)
    reference = weakref.ref(owner)
    del owner
    assert reference() is None


async def test_closed_deadline_leaves_no_timer_with_the_loop(clock: _Clock) -> None:
    clock.arm(10)
    timer = clock.deadline._timer
    clock.deadline.close()
    assert timer is not None
    assert timer.cancelled()
