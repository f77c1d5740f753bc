"""What the system knows of a connection, on real sockets."""

import socket
from collections.abc import Generator

import pytest

from intake.http_client.connection import Connection
from intake.http_client.socket_state import has_unacknowledged_bytes, has_unread_input
from support.fake_transport import FakeTransport


@pytest.fixture
def sockets() -> Generator[tuple[socket.socket, socket.socket]]:
    """Our end of a TCP connection, and that of the peer, whose receive buffer is small."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        ours = socket.create_connection(server.getsockname())
        theirs, _ = server.accept()
        ours.settimeout(0)
        with ours, theirs:
            yield ours, theirs


async def test_bytes_are_unacknowledged_until_the_peer_has_received_them(
    sockets: tuple[socket.socket, socket.socket],
) -> None:
    ours, theirs = sockets
    transport = FakeTransport(Connection(5.0), ours)
    assert not has_unacknowledged_bytes(transport)
    size = ours.send(bytes(1_000_000))
    assert has_unacknowledged_bytes(transport)
    while size:
        size -= len(theirs.recv(65536))
    theirs.sendall(b"x")
    ours.settimeout(None)
    ours.recv(1)
    assert not has_unacknowledged_bytes(transport)


async def test_bytes_are_not_unacknowledged_when_the_system_cannot_tell(
    sockets: tuple[socket.socket, socket.socket],
) -> None:
    ours, _ = sockets
    transport = FakeTransport(Connection(5.0), ours)
    ours.close()
    assert not has_unacknowledged_bytes(transport)


@pytest.mark.parametrize("event", ["byte", "end"])
async def test_input_is_unread_when_a_byte_or_the_end_has_arrived(
    event: str, sockets: tuple[socket.socket, socket.socket]
) -> None:
    ours, theirs = sockets
    transport = FakeTransport(Connection(5.0), ours)
    assert not has_unread_input(transport)
    if event == "byte":
        theirs.sendall(b"x")
    else:
        theirs.shutdown(socket.SHUT_WR)
    assert has_unread_input(transport)
