"""Resolve, judge, connect: the one place through which every connection to an origin is made.

The address that is judged is the address that is dialled: sockets are made by `Guard.open_socket`, which is given
the very address that the connection goes to, on every hop, whether it came from DNS or stood in the URL.
"""

import asyncio
import contextlib
import queue
import socket
import threading
from collections.abc import Callable

from aiohttp import AddrInfoType
from aiohttp.abc import AbstractResolver, ResolveResult

from intake.domain.address import judge
from intake.domain.errors import Blocked
from intake.domain.limits import Limits

type _Lookup = Callable[[], None]


_MAX_ADDRESSES = 8
"""Of a name are tried; all are judged."""

_MOST_LOOKUPS = 512
"""Threads, made as they are needed: names that stall for a minute are outlived by others. A function may have 1024."""

_PATIENCE = 10.0
"""Seconds that a lookup waits for a thread: who asked for it is gone by then."""


class LookupThreads:
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

    async def run[T](self, function: Callable[[], T]) -> T:
        """Run a blocking function; cancelling abandons it, and its thread goes on alone.

        Raises:
            TimeoutError: no thread was free for it in time.
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
        try:
            return await future
        finally:
            timer.cancel()

    def _start_thread(self) -> None:
        with contextlib.suppress(RuntimeError):  # the system has no more: those that there are will do
            threading.Thread(target=self._work, name="lookup", daemon=True).start()
            self._threads += 1

    def _work(self) -> None:
        while True:
            self._jobs.get()()


class Guard(AbstractResolver):
    """aiohttp's resolver and socket factory, both of which refuse what is not to be dialled."""

    def __init__(self, limits: Limits) -> None:
        self._allowed = limits.allowed_networks
        self._threads = LookupThreads()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Look a name up, and refuse it unless every one of its addresses may be dialled.

        Raises:
            Blocked: one of them may not: a name that mixes them is no honest origin.
            OSError: the name does not resolve.
        """
        # As bytes: a str would go through Python's own IDNA codec, a second reading of the host.
        name = host.encode("ascii")

        def look_up() -> list[ResolveResult]:
            answers = socket.getaddrinfo(name, port, family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
            for *_, address in answers:
                self._require_dialled(host, str(address[0]))
            if not answers:
                raise socket.gaierror(socket.EAI_NONAME, "No address")
            return [
                ResolveResult(hostname=host, host=str(address[0]), port=port, family=kind, proto=proto, flags=0)
                for kind, _, proto, _, address in answers[:_MAX_ADDRESSES]
            ]

        # Judged in the thread: there are names with thousands of addresses.
        return await self._threads.run(look_up)

    async def close(self) -> None:
        """Nothing is held."""

    def open_socket(self, info: AddrInfoType) -> socket.socket:
        """Make the socket for one address, unless it may not be dialled.

        Raises:
            Blocked: not an OSError, so that no other address is tried in its place.
        """
        family, kind, proto, _, address = info
        self._require_dialled("", str(address[0]))
        return socket.socket(family, kind, proto)

    def _require_dialled(self, host: str, address: str) -> None:
        verdict = judge(address, self._allowed)
        if not verdict.dialled:
            raise Blocked(reason=f"{host or 'address'} {address}: {verdict}")
