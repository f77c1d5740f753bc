"""Threads for blocking name lookups."""

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

_MAX_THREADS = 512
"""Created on demand. Enough for other names while some stall for a minute; Lambda allows 1024."""

_QUEUE_TIMEOUT = 10.0
"""Seconds: longer than any caller waits for a connection."""


@dataclass(slots=True)
class _Lookup[T]:
    """A function to run in a thread.

    Attributes:
        function: blocks.
        future: of the loop that submitted it; receives the result.
        is_started: a thread runs the function.
    """

    function: Callable[[], T]
    future: asyncio.Future[T]
    is_started: threading.Event = field(default_factory=threading.Event)

    def run(self, report: Callable[["_Lookup[T]", T | None, Exception | None], None]) -> None:
        """Run the function in this thread, and report to the loop."""
        result, error = None, None
        self.is_started.set()
        try:
            result = None if self.future.done() else self.function()
        except Exception as caught:  # noqa: BLE001 - the caller of `submit` gets it
            error = caught
        with contextlib.suppress(RuntimeError):  # the loop is closed, and no task waits
            self.future.get_loop().call_soon_threadsafe(report, self, result, error)

    def give_up(self) -> None:
        """Fail the lookup where no thread has started it."""
        if not self.is_started.is_set() and not self.future.done():
            self.future.set_exception(TimeoutError("no thread was free for the lookup"))


class ResolverThreads:
    """A pool of threads for getaddrinfo, which blocks for as long as a name server is silent and cannot be cancelled.

    No standard executor fits. The interpreter joins the threads of `concurrent.futures.ThreadPoolExecutor` when it
    exits: one stalled name would hold the process. The executor's queue has no timeout: after a burst of stalled names
    it would run lookups whose callers have timed out before those that a task waits for. asyncio's default executor has
    both faults, and so few threads that a handful of stalled names blocks every other name. These threads are daemons,
    and a lookup that no thread has started within `queue_timeout` is given up.
    """

    def __init__(self, max_threads: int = _MAX_THREADS, queue_timeout: float = _QUEUE_TIMEOUT) -> None:
        """Start no thread yet.

        Args:
            max_threads: limit of the threads.
            queue_timeout: seconds that a lookup waits for a thread.
        """
        self._max_threads = max_threads
        self._queue_timeout = queue_timeout
        self._queue: queue.SimpleQueue[_Lookup[object]] = queue.SimpleQueue()
        self._unfinished = 0
        self._threads = 0

    def submit[T](self, function: Callable[[], T]) -> asyncio.Future[T]:
        """Run a blocking function in a thread.

        Returns:
            A future of the running loop. It fails with TimeoutError where no thread was free in time. Where it is
            cancelled, the thread runs on and its result is dropped.
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
        with contextlib.suppress(RuntimeError):  # the system allows no more: the existing ones serve the queue
            threading.Thread(target=self._run, name="resolver", daemon=True).start()
            self._threads += 1

    def _run(self) -> None:
        while True:
            self._queue.get().run(self._settle)

    def _settle[T](self, lookup: _Lookup[T], result: T | None, error: Exception | None) -> None:
        self._unfinished -= 1
        if lookup.future.done():
            return
        if error is not None:
            lookup.future.set_exception(error)
        else:
            lookup.future.set_result(result)  # type: ignore[arg-type]  # a result and an error exclude each other
