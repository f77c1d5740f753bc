"""Limits the memory of all response bodies together. A body waits until memory is free; it does not fail."""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import NamedTuple

from intake.http_client.wait_queue import WaitQueue

type Waiting = Callable[[], AbstractContextManager[object]]


class _Request(NamedTuple):
    size: int
    host: str


class MemoryBudget:
    """Grants bytes in the order of the requests, so that small bodies never starve a large one.

    One host gets at most half of the budget, unless a single body needs more: an origin whose bodies never end would
    otherwise hold all memory. A host that waits for its own share delays no other host.

    Attributes:
        size: all bytes of the budget.
        free: the bytes that are not granted.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.free = size
        self._held_by_host: Counter[str] = Counter()
        self._queue = WaitQueue[_Request, None]()

    async def acquire(self, size: int, host: str, waiting: Waiting = nullcontext) -> None:
        """Wait until `size` bytes are granted to a host.

        Args:
            size: bytes.
            host: the host that sends them.
            waiting: makes a context that is entered if the caller has to wait, until it has the bytes.
        """
        request = _Request(size, host)
        if size <= self.free and not self._queue and self._is_within_share(request):
            self._grant(request)
            return
        waiter = self._queue.enqueue(request)
        self._grant_waiting()  # earlier requests may wait only because of their own host's share
        try:
            with waiting():
                await self._queue.wait_for_grant(waiter, lambda _: self.release(size, host))
        except asyncio.CancelledError:
            self._grant_waiting()  # later requests may fit now
            raise

    def release(self, size: int, host: str) -> None:
        """Take bytes back from a host."""
        self.free += size
        self._held_by_host[host] -= size
        if not self._held_by_host[host]:
            del self._held_by_host[host]
        if self._queue:
            self._grant_waiting()

    def _grant_waiting(self) -> None:
        """Grant the waiting requests that fit, in order; skip those of hosts that are over their share."""
        hosts_over_share: set[str] = set()
        for waiter in self._queue:
            request = waiter.request
            if request.host in hosts_over_share or not self._is_within_share(request):
                hosts_over_share.add(request.host)
            elif request.size > self.free:
                return
            else:
                self._grant(request)
                waiter.grant(None)

    def _grant(self, request: _Request) -> None:
        if request.size:
            self.free -= request.size
            self._held_by_host[request.host] += request.size

    def _is_within_share(self, request: _Request) -> bool:
        held = self._held_by_host[request.host]  # reading a missing key does not add it to a Counter
        return not held or held + request.size <= self.size // 2
