"""BackgroundValue: a value that a background thread creates while the event loop runs."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from intake.gc_pause import gc_paused

# One thread, because the values share one boto3 session, which is not thread-safe.
_thread = ThreadPoolExecutor(1, "background-value")


class BackgroundValue[T]:
    """A value that a thread starts to create at once. A `get` that reports a failure starts a new attempt."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._future = _thread.submit(self._make_without_gc)

    def _make_without_gc(self) -> T:
        with gc_paused():
            return self._make()

    async def get(self) -> T:
        """Wait for the value, and return it.

        Raises:
            Exception: raised by `make`. A new attempt has started, and the next call waits for it.
        """
        future = self._future
        try:
            # Shielded: a caller that is cancelled must not cancel the value for the others.
            return future.result() if future.done() else await asyncio.shield(asyncio.wrap_future(future))
        except Exception:
            if future.done() and self._future is future:
                self._future = _thread.submit(self._make_without_gc)
            raise
