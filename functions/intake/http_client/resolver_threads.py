"""Threads for blocking name lookups."""

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable

type _Lookup = Callable[[], None]

_MOST_LOOKUPS = 512
"""Threads, made as they are needed: names that stall for a minute are outlived by others. A function may have 1024."""

_PATIENCE = 10.0
"""Seconds that a lookup waits for a thread: who asked for it is gone by then."""


class ResolverThreads:
    """Threads of our own for getaddrinfo, which blocks and cannot be cancelled.

    asyncio's default executor has a handful of threads, and as many stalled names starve every other. These are
    daemons: a name that never answers must not hold the process at its exit either. A lookup for which there is no
    thread in time is given up, so that what a burst of stalled names has left behind is not looked up after it.
    """

    def __init__(self, most: int = _MOST_LOOKUPS, patience: float = _PATIENCE) -> None:
        self._most = most
        self._patience = patience
        self._jobs: queue.SimpleQueue[_Lookup] = queue.SimpleQueue()
        self._pending = 0
        self._threads = 0

    def start[T](self, function: Callable[[], T]) -> asyncio.Future[T]:
        """Run a blocking function; its future fails with TimeoutError where no thread was free for it in time.

        Cancelling the future abandons the function, and its thread goes on alone.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        begun = threading.Event()

        def give_up() -> None:
            if not begun.is_set() and not future.done():
                future.set_exception(TimeoutError("No thread was free to look the name up."))

        def settle(result: T | None, error: Exception | None) -> None:
            self._pending -= 1
            if future.done():
                return
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(result)  # type: ignore[arg-type]  # a result and an error exclude each other

        def job() -> None:
            result, error = None, None
            begun.set()
            try:
                result = None if future.done() else function()
            except Exception as caught:  # noqa: BLE001 - handed to the one who waits
                error = caught
            with contextlib.suppress(RuntimeError):  # the loop was closed meanwhile: nobody waits any more
                loop.call_soon_threadsafe(settle, result, error)

        if self._pending >= self._threads < self._most:
            self._start_thread()
        self._pending += 1
        self._jobs.put(job)
        timer = loop.call_later(self._patience, give_up)
        future.add_done_callback(lambda _: timer.cancel())
        return future

    def _start_thread(self) -> None:
        with contextlib.suppress(RuntimeError):  # the system has no more: those that there are will do
            threading.Thread(target=self._work, name="lookup", daemon=True).start()
            self._threads += 1

    def _work(self) -> None:
        while True:
            self._jobs.get()()
