"""Names looked up: in threads of our own, each name once at a time, and remembered for some seconds."""

import asyncio
import contextlib
import queue
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from math import inf

from aiohappyeyeballs import AddrInfoType

type _Lookup = Callable[[], None]

_REMEMBERED_SECONDS = 10.0
_MAX_ADDRESSES = 8
"""Of a name are tried; all are judged."""

_MAX_NAMES = 1024

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


@dataclass(slots=True)
class _Name:
    """What is known of a name, or will be.

    Attributes:
        addresses: family, protocol and socket address of each.
        until: when it is to be asked again, on the loop's clock.
    """

    addresses: asyncio.Future[list[AddrInfoType]]
    until: float = inf


class Names:
    """Resolves hosts."""

    def __init__(self, require: Callable[[str, str], None] | None = None) -> None:
        """Ask nobody yet.

        Args:
            require: is called with a host and every one of its addresses, and raises where it is not to be used.
        """
        self._threads = LookupThreads()
        self._require = require
        self._names: dict[str, _Name] = {}

    async def resolve(self, host: str, port: int) -> list[AddrInfoType]:
        """See `Network.resolve`. A name that fails is asked again by whoever comes next."""
        if (literal := _literal(host, port)) is not None:
            return [literal]
        name = self._names.get(host)
        if name is None or name.until < asyncio.get_running_loop().time():
            name = self._ask(host)
        # Shielded: others may wait for the same name, and the next attempt finds what comes late.
        addresses = await asyncio.shield(name.addresses)
        return [(family, kind, proto, "", (at[0], port, *at[2:])) for family, kind, proto, _, at in addresses]

    def open_socket(self, info: AddrInfoType) -> socket.socket:
        """See `Network.open_socket`."""
        family, kind, proto, *_ = info
        return socket.socket(family, kind, proto)

    def _ask(self, host: str) -> _Name:
        self._names.pop(host, None)  # what was known of it: no other makes room, and it is the youngest now
        while len(self._names) >= _MAX_NAMES:
            del self._names[next(iter(self._names))]
        name = self._names[host] = _Name(self._threads.start(lambda: self._look_up(host)))
        loop = asyncio.get_running_loop()

        def remember(done: asyncio.Future[list[AddrInfoType]]) -> None:
            if done.cancelled() or done.exception() is not None:
                if self._names.get(host) is name:
                    del self._names[host]
            else:
                name.until = loop.time() + _REMEMBERED_SECONDS

        name.addresses.add_done_callback(remember)
        return name

    def _look_up(self, host: str) -> list[AddrInfoType]:
        # As bytes: a str would go through Python's own IDNA codec, a second reading of the host.
        answers = socket.getaddrinfo(host.encode("ascii"), 0, 0, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        if not answers:
            raise socket.gaierror(socket.EAI_NONAME, "No address")
        if self._require is not None:
            # In the thread: there are names with thousands of addresses.
            for *_, address in answers:
                self._require(host, str(address[0]))
        return list(answers[:_MAX_ADDRESSES])


def _literal(host: str, port: int) -> AddrInfoType | None:
    try:
        version = ip_address(host).version
    except ValueError:
        return None
    family, rest = (socket.AF_INET, ()) if version == 4 else (socket.AF_INET6, (0, 0))  # noqa: PLR2004 - of the protocol
    return (family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (host, port, *rest))
