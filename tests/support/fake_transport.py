"""An asyncio transport without a socket: the test plays the peer."""

import asyncio
import socket
from typing import Any, override

from intake.http_client.connection import Connection


class FakeTransport(asyncio.Transport):
    """Does what the test tells it to do, and nothing else.

    Attributes:
        sent: the data that was written, one item per write.
        is_stuck: written data stays in the buffer, so the connection is told to pause writing.
        is_broken: a write finds that the connection is lost.
        closing: the transport is closing or closed.
        reading: the transport reads from the peer.
    """

    def __init__(self, connection: Connection, sock: socket.socket) -> None:
        super().__init__({"socket": sock})
        self.connection = connection
        self.sent: list[Any] = []
        self.is_stuck = False
        self.is_broken = False
        self.closing = False
        self.reading = True
        connection.connection_made(self)

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
        self.reading = False

    @override
    def resume_reading(self) -> None:
        self.reading = True

    @override
    def is_closing(self) -> bool:
        return self.closing

    @override
    def abort(self) -> None:
        if not self.closing:
            self.closing = True
            asyncio.get_running_loop().call_soon(self.connection.connection_lost, None)
