"""A first-in, first-out queue of tasks that wait for something that is granted to them one by one."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, eq=False)
class Waiter[Request, Grant]:
    """One waiting task.

    Attributes:
        request: what it waits for.
        future: receives what is granted.
    """

    request: Request
    future: asyncio.Future[Grant]

    def grant(self, value: Grant) -> None:
        """Wake the task with a value."""
        self.future.set_result(value)


class WaitQueue[Request, Grant]:
    """Tasks in the order of their requests. A grant to a task that is cancelled at that moment is given back."""

    def __init__(self) -> None:
        self._waiters: deque[Waiter[Request, Grant]] = deque()

    async def wait(self, request: Request, give_back: Callable[[Grant], object]) -> Grant:
        """Wait until the request is granted; see `granted`."""
        return await self.granted(self.enqueue(request), give_back)

    def enqueue(self, request: Request) -> Waiter[Request, Grant]:
        """Append a request. `granted` must be awaited next."""
        waiter = Waiter[Request, Grant](request, asyncio.get_running_loop().create_future())
        self._waiters.append(waiter)
        return waiter

    async def granted(self, waiter: Waiter[Request, Grant], give_back: Callable[[Grant], object]) -> Grant:
        """Wait for the grant of an enqueued request.

        Args:
            waiter: of `enqueue`.
            give_back: called with the grant where the task was cancelled after the grant and before it ran again.
        """
        try:
            return await waiter.future
        except asyncio.CancelledError:
            if waiter.future.done() and not waiter.future.cancelled():
                give_back(waiter.future.result())
            raise

    def offer(self, value: Grant) -> bool:
        """Grant a value to the task that waits longest; return whether any task waits."""
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.future.done():
                waiter.grant(value)
                return True
        return False

    def __iter__(self) -> Iterator[Waiter[Request, Grant]]:
        """Iterate over the tasks that still wait, longest first; each may be granted while iterating."""
        self._waiters = deque(waiter for waiter in self._waiters if not waiter.future.done())
        return iter(tuple(self._waiters))

    def __bool__(self) -> bool:
        """Whether a task still waits."""
        return bool(self._waiters) and any(not waiter.future.done() for waiter in self._waiters)
