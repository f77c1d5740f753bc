"""read_ahead: calls a function for many items in a few threads, some items ahead of the reader."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

THREADS = 8
"""Calls at once, and results in memory at most."""


def read_ahead[T, R](function: Callable[[T], R], items: Iterable[T], threads: int = THREADS) -> Iterator[R]:
    """Yield the results in the order of the items. Unlike `Executor.map`, never run more than `threads` calls ahead."""
    running: deque[Future[R]] = deque()
    with ThreadPoolExecutor(threads) as executor:
        for item in items:
            running.append(executor.submit(function, item))
            if len(running) == threads:
                yield running.popleft().result()
        while running:
            yield running.popleft().result()
