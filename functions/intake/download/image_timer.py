"""The time of one image: one total for all attempts, hops and bytes, which runs while its origin is waited for."""

import asyncio
from types import TracebackType

from intake.model.errors import Timeout


class ImageTimer:
    """Counts down while it is entered; waiting for our own bounds does not count against the origin.

    Attributes:
        now: the loop's clock.
        left: seconds.
    """

    def __init__(self, seconds: float) -> None:
        """Stand still, with so many seconds left."""
        self._seconds = seconds
        self.now = asyncio.get_running_loop().time
        self.left = seconds

    async def __aenter__(self) -> None:
        self._begin = self.now()
        self._timer = asyncio.timeout(self.left)
        await self._timer.__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stand still again.

        Raises:
            Timeout: the seconds are over.
        """
        self.left -= self.now() - self._begin
        # It knows the task, whose error, where that is cut off, knows the frames that know us: a circle around a body.
        timer = self._timer
        del self._timer
        try:
            await timer.__aexit__(kind, error, trace)
        except TimeoutError as over:
            raise Timeout(f"The image took longer than {self._seconds:g} seconds.") from over

    @property
    def elapsed_ms(self) -> int:
        """Milliseconds in which the clock ran."""
        return round((self._seconds - self.left) * 1000)
