"""The server: it accepts connections, records requests and calls the responder of each path."""

import asyncio
import ssl
import threading
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from typing import Self

from support.origin.behaviour import BEHAVIOURS, Reader, Request, Responder, Writer

LOOPBACK = "127.0.0.1"


class Origin:
    """A misbehaving server on loopback.

    Attributes:
        port: the port that it listens on.
        connections: the number of connections it accepted.
        requests: the requests it received, in order.
        responders: behaviours that only this server has, by the first segment of the path.
        default_responder: answers every path, if it is set.
        peak_concurrency: the largest number of requests that it answered at the same time.
    """

    def __init__(self, tls: ssl.SSLContext | None = None, host: str = LOOPBACK) -> None:
        self._tls = tls
        self._host = host
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._counts: Counter[str] = Counter()
        self._active = 0
        self.port = 0
        self.connections = 0
        self.requests: list[Request] = []
        self.responders: dict[str, Responder] = {}
        self.default_responder: Responder | None = None
        self.peak_concurrency = 0

    @property
    def base(self) -> str:
        """The server's URL, without a slash at the end."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{'https' if self._tls else 'http'}://{host}:{self.port}"

    def url(self, path: str) -> str:
        return f"{self.base}/{path}"

    def request_count(self, path: str) -> int:
        """Count the requests for a path."""
        return self._counts[f"/{path}"]

    @property
    def is_answering(self) -> bool:
        """Whether a responder is still running."""
        return self._active > 0

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

    async def close_connections(self) -> None:
        """Close every connection, as a server does with connections that are idle for too long."""
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
            pass  # one side closed the connection
        finally:
            writer.close()

    def _responder(self, name: str) -> Responder:
        return self.default_responder or self.responders.get(name) or BEHAVIOURS.get(name, BEHAVIOURS["length"]).respond

    async def _answer(self, raw: bytes, reader: Reader, writer: Writer) -> None:
        target = raw.split(b" ", 2)[1].decode("latin-1")
        self._counts[target] += 1
        request = Request(raw, self._counts[target], self.base)
        self.requests.append(request)
        respond = self._responder(target.split("?")[0].strip("/").split("/")[0])
        self._active += 1
        self.peak_concurrency = max(self.peak_concurrency, self._active)
        try:
            await respond(reader, writer, request)
        finally:
            self._active -= 1


@contextmanager
def origin_in_thread(tls: ssl.SSLContext | None = None) -> Generator[Origin]:
    """Run an origin in a thread of its own, so that it also answers while the test blocks its event loop."""
    origin = Origin(tls)
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
