"""ReadDeadline: a timer that is cheap to extend."""

import asyncio
from collections.abc import Callable


class ReadDeadline:
    """Calls back when a deadline passes.

    Deadlines are extended on every read and rarely pass, so one timer of asyncio is reused: if the deadline moves to a
    later time, the timer keeps its own and checks the deadline when it fires. The callback is dropped when disarmed, so
    that a pending timer does not keep its owner alive.
    """

    __slots__ = ("_callback", "_loop", "_time", "_timer")

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._time = 0.0
        self._callback: Callable[[], None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    def arm(self, time: float, callback: Callable[[], None]) -> None:
        """Call back at `time` on the loop's clock. This replaces an earlier deadline."""
        self._time = time
        self._callback = callback
        if self._timer is not None and self._timer.when() > time:
            self._timer.cancel()
            self._timer = None
        if self._timer is None:
            self._timer = self._loop.call_at(time, self._check)

    def disarm(self) -> None:
        """Do not call back; the deadline can be armed again."""
        self._callback = None

    def close(self) -> None:
        """Do not call back, and cancel the timer."""
        self._callback = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _check(self) -> None:
        self._timer = None
        callback, self._callback = self._callback, None
        if callback is None:
            return
        if self._time > self._loop.time():
            self.arm(self._time, callback)
        else:
            callback()
