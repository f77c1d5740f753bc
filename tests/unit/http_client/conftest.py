"""A connection over a fake transport."""

import socket
from collections.abc import Generator

import pytest

from intake.http_client.connection import Connection
from support.fake_transport import FakeTransport


@pytest.fixture
def sock() -> Generator[socket.socket]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours


@pytest.fixture
async def transport(sock: socket.socket) -> FakeTransport:
    return FakeTransport(Connection(read_timeout=5.0), sock)
