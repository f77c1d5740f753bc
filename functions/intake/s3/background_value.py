"""What takes its time to make: a thread makes it while the loop goes on."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from intake.gc_pause import gc_paused

# One thread: what is made shares a session of boto3, which is not to be used by two at once.
_thread = ThreadPoolExecutor(1, "later")


class BackgroundValue[T]:
    """A value that is being made from now on, and made anew where that has failed."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._making = _thread.submit(self._made)

    def _made(self) -> T:
        with gc_paused():
            return self._make()

    async def get(self) -> T:
        """Wait until the value is there.

        Raises:
            Exception: what `make` raised; who asks again has it made again.
        """
        making = self._making
        try:
            # Whoever is cut off while waiting leaves it to the others.
            return making.result() if making.done() else await asyncio.shield(asyncio.wrap_future(making))
        except Exception:
            if making.done() and self._making is making:
                self._making = _thread.submit(self._made)
            raise
