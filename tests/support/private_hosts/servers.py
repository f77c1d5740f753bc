"""Servers on the ports 80, 443, 8080 and 8443 of every address, which record what they receive."""

import asyncio
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from support.origin.behaviour import IMAGE, response_with

PORTS = {80: "http", 8080: "http", 443: "https", 8443: "https"}

type Answer = Callable[["Received"], bytes]


@dataclass(frozen=True, slots=True)
class Received:
    """A request.

    Attributes:
        scheme, port: of the connection.
        target: path and query.
        headers: the values by their names in lower case.
    """

    scheme: str
    port: int
    target: str
    headers: dict[str, str]

    @classmethod
    def parse(cls, port: int, head: str) -> "Received":
        line, *fields = head.split("\r\n")
        parts = (field.partition(": ") for field in fields if field)
        return cls(PORTS[port], port, line.split(" ")[1], {name.lower(): value for name, _, value in parts})


@dataclass
class Servers:
    """The servers.

    Attributes:
        answers: what a path answers; every other path answers with an image.
        received: the requests, in order.
    """

    answers: dict[str, Answer] = field(default_factory=dict)
    received: list[Received] = field(default_factory=list)

    async def serve(self, tls: ssl.SSLContext) -> list[asyncio.Server]:
        """Listen on every port of every address."""
        return [
            await asyncio.start_server(self._accept, "0.0.0.0", port, ssl=tls if scheme == "https" else None)  # noqa: S104 - of the namespace
            for port, scheme in PORTS.items()
        ]

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        port = writer.get_extra_info("sockname")[1]
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                writer.write(self._answer(port, head))
        except (OSError, asyncio.IncompleteReadError):
            writer.close()

    def _answer(self, port: int, head: str) -> bytes:
        received = Received.parse(port, head)
        self.received.append(received)
        answer = self.answers.get(received.target.split("?")[0])
        if answer is not None:
            return answer(received)
        if received.headers.get("if-none-match") == '"1"':
            return response_with(b"", 'ETag: "1"', status="304 Not Modified")
        return response_with(IMAGE, 'ETag: "1"', "Cache-Control: max-age=300")


@contextmanager
def servers_in_thread(tls: ssl.SSLContext) -> Iterator[Servers]:
    """Run the servers in a thread of their own, because a handler blocks the main one."""
    servers, started, loop = Servers(), threading.Event(), asyncio.new_event_loop()
    finish = asyncio.Event()

    async def run() -> None:
        running: list[Any] = await servers.serve(tls)
        started.set()
        await finish.wait()
        for server in running:
            server.close()
            server.abort_clients()
            await server.wait_closed()

    thread = threading.Thread(target=lambda: loop.run_until_complete(run()), name="servers")
    thread.start()
    started.wait()
    try:
        yield servers
    finally:
        loop.call_soon_threadsafe(finish.set)
        thread.join()
        loop.close()
