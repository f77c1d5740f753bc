"""An asyncio transport without a socket behind it: the test is the peer."""

import asyncio
import socket
from typing import Any, override

from intake.http_client.connection import Connection


class FakeTransport(asyncio.Transport):
    """Records what the connection writes, and behaves as its attributes say.

    Attributes:
        sent: every object that was written, in order.
        is_stuck: the peer reads nothing, so that writes wait.
        is_broken: the next write closes the connection.
        is_closed: the connection was closed or aborted.
    """

    def __init__(self, connection: Connection, sock: socket.socket) -> None:
        super().__init__({"socket": sock})
        self.connection = connection
        self.sent: list[Any] = []
        self.is_stuck = False
        self.is_broken = False
        self.is_closed = False
        self._replacement: asyncio.BaseProtocol | None = None
        self._reads = True
        connection.connection_made(self)

    def deliver(self, data: bytes) -> None:
        """Send bytes as the peer; the protocol reads them as from a transport of asyncio."""
        while data and isinstance(self.protocol, asyncio.BufferedProtocol):
            buffer = memoryview(self.protocol.get_buffer(-1))
            size = min(len(buffer), len(data))
            buffer[:size] = data[:size]
            self.protocol.buffer_updated(size)
            data = data[size:]
        if data:
            self.connection.data_received(data)

    @property
    def protocol(self) -> asyncio.BaseProtocol:
        """What receives the bytes of the peer: the connection, or what it has put in its place."""
        return self._replacement or self.connection

    @override
    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._replacement = None if protocol is self.connection else protocol

    @override
    def write(self, data: Any) -> None:
        self.sent.append(data)
        if self.is_broken:
            self.abort()
        if self.is_stuck:
            self.connection.pause_writing()

    @override
    def writelines(self, list_of_data: Any) -> None:
        self.sent += list_of_data  # like asyncio's own, it does not call pause_writing

    @override
    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        if self.is_stuck:
            self.connection.pause_writing()

    @override
    def pause_reading(self) -> None:
        self._reads = False

    @override
    def resume_reading(self) -> None:
        self._reads = True

    @override
    def is_reading(self) -> bool:
        return self._reads

    @override
    def is_closing(self) -> bool:
        return self.is_closed

    @override
    def abort(self) -> None:
        if not self.is_closed:
            self.is_closed = True
            asyncio.get_running_loop().call_soon(self.protocol.connection_lost, None)
