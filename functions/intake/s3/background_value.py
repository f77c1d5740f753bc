"""A value that a background thread makes while the event loop runs."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from intake.gc_pause import gc_paused

# One thread: the values share one boto3 session, and a session is not thread-safe.
_thread = ThreadPoolExecutor(1, "background-value")


class BackgroundValue[T]:
    """A value that a thread starts to make at once; after a failure the next `get` starts it again."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._future = _thread.submit(self._make_without_gc)

    def _make_without_gc(self) -> T:
        with gc_paused():
            return self._make()

    async def get(self) -> T:
        """Wait until the value is made, and return it.

        Raises:
            Exception: what `make` raised; the next call makes the value again.
        """
        future = self._future
        try:
            # Shielded: a caller that is cancelled must not cancel the value for the others.
            return future.result() if future.done() else await asyncio.shield(asyncio.wrap_future(future))
        except Exception:
            if future.done() and self._future is future:
                self._future = _thread.submit(self._make_without_gc)
            raise
