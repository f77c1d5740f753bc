"""Threads for blocking name lookups."""

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from intake.http_client.descriptors import max_lookups

_QUEUE_TIMEOUT = 10.0
"""Seconds: longer than any caller waits for a connection."""


@dataclass(slots=True)
class _Lookup[T]:
    """A function to run in a thread.

    Attributes:
        function: the blocking function.
        future: receives the result; belongs to the loop that submitted the function.
        is_started: set when a thread runs the function.
    """

    function: Callable[[], T]
    future: asyncio.Future[T]
    is_started: threading.Event = field(default_factory=threading.Event)

    def run(self, report: Callable[["_Lookup[T]", T | None, Exception | None], None]) -> None:
        """Run the function in this thread, and pass the result to `report` on the loop."""
        result, error = None, None
        self.is_started.set()
        try:
            result = None if self.future.done() else self.function()
        except Exception as caught:  # noqa: BLE001 - the caller of `submit` gets it
            error = caught
        with contextlib.suppress(RuntimeError):  # the loop is closed: no task waits any more
            self.future.get_loop().call_soon_threadsafe(report, self, result, error)

    def give_up(self) -> None:
        """Fail the lookup if no thread has started it."""
        if not self.is_started.is_set() and not self.future.done():
            self.future.set_exception(TimeoutError("no thread was free for the lookup"))


class ResolverThreads:
    """A pool of threads for getaddrinfo, which blocks for as long as a name server is silent and cannot be cancelled.

    No standard executor fits. The interpreter joins the threads of `concurrent.futures.ThreadPoolExecutor` when it
    exits, so one stalled name would delay the exit. Its queue has no timeout either: after a burst of stalled names, it
    would run lookups whose callers have given up before the lookups of waiting callers. asyncio's default executor has
    both faults, and so few threads that a handful of stalled names blocks every other name. The threads of this pool
    are daemons, and a lookup that no thread has started within `queue_timeout` fails.
    """

    def __init__(self, max_threads: int | None = None, queue_timeout: float = _QUEUE_TIMEOUT) -> None:
        """Create a pool without threads; `submit` starts them.

        Args:
            max_threads: the limit of threads; `max_lookups()` by default. Names that stall for a minute must leave
                threads for others.
            queue_timeout: seconds that a lookup waits for a thread.
        """
        self._max_threads = max_lookups() if max_threads is None else max_threads
        self._queue_timeout = queue_timeout
        self._queue: queue.SimpleQueue[_Lookup[object]] = queue.SimpleQueue()
        self._unfinished = 0
        self._threads = 0

    def submit[T](self, function: Callable[[], T]) -> asyncio.Future[T]:
        """Run a blocking function in a thread.

        Returns:
            A future of the running loop. It fails with TimeoutError if no thread was free in time. If it is cancelled,
            the thread continues and its result is dropped.
        """
        loop = asyncio.get_running_loop()
        lookup = _Lookup(function, loop.create_future())
        if self._unfinished >= self._threads < self._max_threads:
            self._start_thread()
        self._unfinished += 1
        self._queue.put(lookup)
        timer = loop.call_later(self._queue_timeout, lookup.give_up)
        lookup.future.add_done_callback(lambda _: timer.cancel())
        return lookup.future

    def _start_thread(self) -> None:
        with contextlib.suppress(RuntimeError):  # the system allows no more threads: the existing ones serve the queue
            threading.Thread(target=self._run, name="resolver", daemon=True).start()
            self._threads += 1

    def _run(self) -> None:
        while True:
            self._queue.get().run(self._complete)

    def _complete[T](self, lookup: _Lookup[T], result: T | None, error: Exception | None) -> None:
        self._unfinished -= 1
        if lookup.future.done():
            return
        if error is not None:
            lookup.future.set_exception(error)
        else:
            lookup.future.set_result(result)  # type: ignore[arg-type]  # a result and an error exclude each other
