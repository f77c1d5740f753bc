"""ImageTimer: the time limit for downloading one image (IMAGE_TIMEOUT), all attempts and redirects together."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from types import TracebackType

from intake.model.error_codes import Timeout


class ImageTimer:
    """Counts down inside its context. Waits for the limits of the service do not count: they are outside, or `paused`.

    Attributes:
        seconds_left: the seconds until it raises `Timeout`.
    """

    def __init__(self, seconds: float) -> None:
        """Create a stopped timer with `seconds` left."""
        self._seconds = seconds
        self._now = asyncio.get_running_loop().time
        self.seconds_left = seconds

    async def __aenter__(self) -> None:
        self._started_at = self._now()
        self._timeout = asyncio.timeout(self.seconds_left)
        await self._timeout.__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop counting.

        Raises:
            Timeout: no time is left.
        """
        self.seconds_left -= self._now() - self._started_at
        # Drop the reference: the timeout refers to its task, a cancelled task to its frames, and those to this timer.
        # The cycle would keep the body of the image in memory until the next garbage collection.
        timeout = self._timeout
        del self._timeout
        try:
            await timeout.__aexit__(kind, error, trace)
        except TimeoutError as caught:
            raise Timeout(f"The image took longer than {self._seconds:g} seconds.") from caught

    @contextmanager
    def paused(self) -> Generator[None]:
        """Do not count inside this context, in which the image waits for a limit of the service."""
        paused_at = self._now()
        self._timeout.reschedule(None)
        try:
            yield
        finally:
            self._started_at += self._now() - paused_at
            self._timeout.reschedule(self._started_at + self.seconds_left)

    @property
    def elapsed_ms(self) -> int:
        """Milliseconds counted so far."""
        return round((self._seconds - self.seconds_left) * 1000)
