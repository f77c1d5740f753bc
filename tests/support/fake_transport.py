"""A transport of asyncio whose peer is the test."""

import asyncio
import socket
from typing import Any, override

from intake.http_client.connection import Connection


class Wire(asyncio.Transport):
    """Does what the test says, and nothing by itself.

    Attributes:
        sent: what was written, as it was written.
        stuck: what is written waits.
        broken: what is written finds that the connection is lost.
        closing: is to be closed, or was.
        reading: bytes are taken from the peer.
    """

    def __init__(self, connection: Connection, sock: socket.socket) -> None:
        super().__init__({"socket": sock})
        self.connection = connection
        self.sent: list[Any] = []
        self.stuck = False
        self.broken = False
        self.closing = False
        self.reading = True
        connection.connection_made(self)

    @override
    def write(self, data: Any) -> None:
        self.sent.append(data)
        if self.broken:
            self.abort()
        if self.stuck:
            self.connection.pause_writing()

    @override
    def writelines(self, list_of_data: Any) -> None:
        self.sent += list_of_data  # as asyncio's own, it does not say that something waits

    @override
    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        if self.stuck:
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
