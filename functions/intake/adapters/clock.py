"""The time of one image: one total for all attempts, hops and bytes, which stands still while we make it wait."""

import asyncio
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager

from intake.domain.errors import Timeout


class ImageClock:
    """Counts down; waiting for our own bounds does not count against the origin."""

    def __init__(self, seconds: float, timer: asyncio.Timeout) -> None:
        self._seconds = seconds
        self._timer = timer
        self.now = asyncio.get_running_loop().time
        self._when = self.now() + seconds

    @classmethod
    @asynccontextmanager
    async def running(cls, seconds: float) -> AsyncGenerator["ImageClock"]:
        """Run what is inside for at most so many seconds.

        Raises:
            Timeout: they are over.
        """
        try:
            async with asyncio.timeout(None) as timer:
                clock = cls(seconds, timer)
                timer.reschedule(clock._when)
                yield clock
        except TimeoutError as error:
            raise Timeout(f"The image took longer than {seconds:g} seconds.") from error

    @property
    def left(self) -> float:
        """Seconds."""
        return self._when - self.now()

    @property
    def elapsed_ms(self) -> int:
        """Milliseconds in which the clock ran."""
        return round((self._seconds - self.left) * 1000)

    @contextmanager
    def paused(self) -> Generator[None]:
        """Stand still for what is inside."""
        left = self.left
        self._reschedule(None)
        try:
            yield
        finally:
            self._when = self.now() + left
            self._reschedule(self._when)

    def _reschedule(self, when: float | None) -> None:
        if not self._timer.expired():
            self._timer.reschedule(when)
