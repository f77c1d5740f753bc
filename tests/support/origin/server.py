"""The server: sockets, counting, and the table that says what each path does."""

import asyncio
import ssl
import threading
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from typing import Self

from support.origin.behaviour import BEHAVIOURS, Act, Reader, Request, Writer

LOOPBACK = "127.0.0.1"


class Origin:
    """An ill-mannered server on loopback.

    Attributes:
        port: where it listens.
        connections: how many were accepted.
        requests: what was asked, in the order of arrival.
        taught: behaviours of this server alone, by name.
        everything: behaves so for every path, where it is set.
        busiest: the most requests that were answered at the same time.
    """

    def __init__(self, tls: ssl.SSLContext | None = None, host: str = LOOPBACK) -> None:
        self._tls = tls
        self._host = host
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._seen: Counter[str] = Counter()
        self._answering = 0
        self.port = 0
        self.connections = 0
        self.requests: list[Request] = []
        self.taught: dict[str, Act] = {}
        self.everything: Act | None = None
        self.busiest = 0

    @property
    def base(self) -> str:
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{'https' if self._tls else 'http'}://{host}:{self.port}"

    def url(self, path: str) -> str:
        return f"{self.base}/{path}"

    def asked(self, path: str) -> int:
        """How often it was asked for a path."""
        return self._seen[f"/{path}"]

    @property
    def answering(self) -> bool:
        """Whether some behaviour has not come to its end."""
        return self._answering > 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, self._host, self.port, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        self._server.abort_clients()
        await self._server.wait_closed()

    async def hang_up(self) -> None:
        """Close every connection, as a server does with those that idle for too long."""
        assert self._server is not None
        self._server.close_clients()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def _accept(self, reader: Reader, writer: Writer) -> None:
        self.connections += 1
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: Reader, writer: Writer) -> None:
        try:
            while not writer.is_closing():
                raw = await reader.readuntil(b"\r\n\r\n")
                await self._answer(raw, reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass  # the client hung up, or was hung up on
        finally:
            writer.close()

    def _act(self, name: str) -> Act:
        return self.everything or self.taught.get(name) or BEHAVIOURS.get(name, BEHAVIOURS["length"]).act

    async def _answer(self, raw: bytes, reader: Reader, writer: Writer) -> None:
        target = raw.split(b" ", 2)[1].decode("latin-1")
        self._seen[target] += 1
        request = Request(raw, self._seen[target], self.base)
        self.requests.append(request)
        act = self._act(target.split("?")[0].strip("/").split("/")[0])
        self._answering += 1
        self.busiest = max(self.busiest, self._answering)
        try:
            await act(reader, writer, request)
        finally:
            self._answering -= 1


@contextmanager
def in_a_thread() -> Generator[Origin]:
    """Run an origin that goes on while the loop of the test stands still."""
    origin = Origin()
    started, finish = threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        async with origin:
            started.set()
            await finish.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), name="origin")
    thread.start()
    started.wait()
    try:
        yield origin
    finally:
        loop.call_soon_threadsafe(finish.set)
        thread.join()
        loop.close()
