"""What the system knows of a connection and the event loop does not."""

import asyncio
import select
from fcntl import ioctl
from termios import TIOCOUTQ

_NO_BYTES = bytes(4)


def has_unread_input(transport: asyncio.Transport) -> bool:
    """Return whether bytes, or the end of the connection, have arrived that the event loop has not read yet."""
    poll = select.poll()  # asks the kernel without waiting
    poll.register(transport.get_extra_info("socket").fileno(), select.POLLIN)
    return bool(poll.poll(0))


def has_unacknowledged_bytes(transport: asyncio.Transport) -> bool:
    """Return whether the peer's TCP has not acknowledged all bytes that were sent.

    A response acknowledges all bytes that the peer had received before it. If bytes of the request are still not
    acknowledged when the response is read, then the peer responded before it had the whole request.

    Returns:
        False also where the system does not tell. Linux does (tcp(7), SIOCOUTQ).
    """
    sock = transport.get_extra_info("socket")
    try:
        return sock is not None and ioctl(sock.fileno(), TIOCOUTQ, _NO_BYTES) != _NO_BYTES
    except (OSError, ValueError):
        return False
