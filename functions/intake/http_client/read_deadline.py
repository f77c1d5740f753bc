"""A timer that is moved more often than it rings."""

import asyncio
from collections.abc import Callable


class ReadDeadline:
    """Rings at the moment that it is set to.

    A deadline is put off at every wait and hardly ever met. A timer of asyncio can only be thrown away and made anew,
    which takes as long as a read: here it stays where it stands, and when it comes, looks whether it is time. Whoever
    is to be rung is known only while it is set, and never kept by a timer that stands.
    """

    __slots__ = ("_loop", "_moment", "_ring", "_timer")

    def __init__(self) -> None:
        """Be off."""
        self._loop = asyncio.get_running_loop()
        self._moment = 0.0
        self._ring: Callable[[], None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    def arm(self, moment: float, ring: Callable[[], None]) -> None:
        """Ring at a moment on the loop's clock, and at no other."""
        self._moment = moment
        self._ring = ring
        if self._timer is not None and self._timer.when() > moment:
            self._timer.cancel()
            self._timer = None
        if self._timer is None:
            self._timer = self._loop.call_at(moment, self._look)

    def disarm(self) -> None:
        """Ring at no moment; it may be set again."""
        self._ring = None

    def close(self) -> None:
        """Be off, and leave nothing with the loop."""
        self._ring = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = None
        ring, self._ring = self._ring, None
        if ring is None:
            return
        if self._moment > self._loop.time():
            self.arm(self._moment, ring)
        else:
            ring()
