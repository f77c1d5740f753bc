"""Receives bytes of a body into the buffer of the caller, without a copy."""

import asyncio
from typing import TYPE_CHECKING, override

if TYPE_CHECKING:
    from intake.http_client.connection import Connection

_NOTHING = memoryview(b"")


async def receive_into(connection: "Connection", buffer: memoryview) -> int:
    """Receive the next bytes of a body into a buffer; return their number.

    Returns:
        0 if that is impossible: they have arrived already, the body is complete, or its length is unknown.

    Raises:
        ReadTimeout, ConnectionLost, IncompleteBody: the body does not reach its end.
    """
    transport, body_left = connection.transport, connection.body_left
    if transport is None or not body_left:
        return 0
    receiver = _BodyReceiver(connection, buffer[:body_left])  # what follows the body is none of its bytes
    transport.set_protocol(receiver)
    try:
        await connection.wait_until(lambda: receiver.received > 0)
    finally:
        receiver.detach()
    return receiver.received


class _BodyReceiver(asyncio.BufferedProtocol):
    """The protocol of a transport for one read. The connection is its protocol before and after.

    A connection itself is no `BufferedProtocol`: it would have to copy what it cannot parse where it is, also a body
    that arrives together with its head.
    """

    def __init__(self, connection: "Connection", buffer: memoryview) -> None:
        self._connection = connection
        self._buffer = buffer
        self.received = 0

    def detach(self) -> None:
        """Make the connection the protocol again, and drop the buffer: a TLS transport of asyncio keeps this object."""
        self._buffer = _NOTHING
        if self._connection.transport is not None:
            self._connection.transport.set_protocol(self._connection)

    @override
    def get_buffer(self, sizehint: int) -> memoryview:
        return self._buffer

    @override
    def buffer_updated(self, nbytes: int) -> None:
        self.received = nbytes
        self.detach()  # at once: over TLS, asyncio may read what follows before the waiting task runs
        self._connection.body_received(nbytes)

    @override
    def eof_received(self) -> None:
        self._connection.eof_received()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._connection.connection_lost(exc)
