"""The time limit of one image (IMAGE_TIMEOUT): all attempts, redirects and bytes together."""

import asyncio
from types import TracebackType

from intake.model.errors import Timeout


class ImageTimer:
    """Counts down while its context is entered. Waiting for our own limits happens outside of it.

    Attributes:
        seconds_left: until `Timeout`.
    """

    def __init__(self, seconds: float) -> None:
        """Start with `seconds` left, stopped."""
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
        # Drop the reference: the timeout knows its task, a cancelled task knows its frames, and those know this timer.
        # The cycle would keep the body of the image until the next garbage collection.
        timeout = self._timeout
        del self._timeout
        try:
            await timeout.__aexit__(kind, error, trace)
        except TimeoutError as caught:
            raise Timeout(f"The image took longer than {self._seconds:g} seconds.") from caught

    @property
    def elapsed_ms(self) -> int:
        """Milliseconds counted so far."""
        return round((self._seconds - self.seconds_left) * 1000)
