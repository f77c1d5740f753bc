"""A clock that jumps to the next timer when nothing else is left to do, so that tests of long waits take no time."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import pytest


class VirtualClock:
    """The time of the running event loop, and a wall clock beside it.

    Attributes:
        passed: the seconds that have passed on the clock of the loop.
        wall_offset: the difference between both clocks; a test changes it to set the wall clock.
    """

    def __init__(self) -> None:
        self.passed = 0.0
        self.wall_offset = 1_800_000_000.0

    def time(self) -> float:
        """Seconds on the clock of the loop."""
        return self.passed

    def wall(self) -> float:
        """Unix seconds."""
        return self.wall_offset + self.passed


@contextmanager
def virtual_clock(monkeypatch: pytest.MonkeyPatch) -> Generator[VirtualClock]:
    """Replace the clock of the running event loop. Only for tests without sockets and threads."""
    clock, loop = VirtualClock(), asyncio.get_running_loop()
    selector: Any = loop._selector  # type: ignore[attr-defined]  # there is no public way to it
    select = selector.select

    def jump(timeout: float | None = None) -> Any:
        events = select(0 if timeout else timeout)
        if timeout and not events:
            clock.passed += timeout
        return events

    with monkeypatch.context() as patched:
        patched.setattr(loop, "time", clock.time)
        patched.setattr(selector, "select", jump)
        yield clock
