"""BackgroundSigner: a signer that a background thread creates while the event loop runs."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from intake.gc_pause import gc_paused

if TYPE_CHECKING:
    from collections.abc import Callable

    from intake.s3.signer import Signer  # not at runtime: it imports boto3

# One thread, because the signers share one boto3 session, which is not thread-safe.
_thread = ThreadPoolExecutor(1, "background-signer")


class BackgroundSigner:
    """Starts to create a signer at once. A `get` that reports a failure starts a new attempt."""

    def __init__(self, make: "Callable[[], Signer]") -> None:
        self._make = make
        self._future = _thread.submit(self._make_without_gc)

    def _make_without_gc(self) -> "Signer":
        with gc_paused():
            return self._make()

    @property
    def is_ready(self) -> bool:
        """Whether `get` returns the signer at once."""
        return self._future.done() and self._future.exception() is None

    async def get(self) -> "Signer":
        """Wait for the signer, and return it.

        Raises:
            Exception: raised by `make`. A new attempt has started, and the next call waits for it.
        """
        future = self._future
        try:
            # Shielded: a caller that is cancelled must not cancel the attempt for the others.
            return future.result() if future.done() else await asyncio.shield(asyncio.wrap_future(future))
        except Exception:
            if future.done() and self._future is future:
                self._future = _thread.submit(self._make_without_gc)
            raise
