"""service.py of docs/calling.md: how its client uses connections."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

AT_ONCE = 60
RECEIPT = b'{"objectKeys": [null]}'
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(RECEIPT), RECEIPT)


class Api:
    """An API that answers when `AT_ONCE` requests are waiting, and counts its connections."""

    def __init__(self) -> None:
        self.connections = 0
        self._all_are_here = asyncio.Barrier(AT_ONCE)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
                await reader.readexactly(int(length))
                await self._all_are_here.wait()
                writer.write(ANSWER)
        except asyncio.IncompleteReadError:
            writer.close()


async def test_service_uses_its_connections_again_when_many_requests_come_at_once(
    example: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    service, api = example("service"), Api()
    async with await asyncio.start_server(api.serve, "127.0.0.1", 0) as server:
        monkeypatch.setenv("API_URL", f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1")
        async with service.lifespan(service.app) as state:
            for _ in range(3):
                files = [{"urls": [f"https://images.example/{number}"]} for number in range(AT_ONCE)]
                await asyncio.gather(*(service.ingest(state["client"], file) for file in files))
    assert api.connections == AT_ONCE
