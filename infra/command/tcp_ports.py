"""Parses, finds and checks TCP ports on loopback."""

import errno
import re
import socket
from contextlib import suppress
from random import SystemRandom

from infra.command.errors import CommandError

LOOPBACK = "127.0.0.1"
HIGHEST_PORT = 65535
_OWN_PORTS = range(28_000, 32_768)
"""Systems choose the ports of connections, and of servers that ask for any port, above these (Linux: from 32768)."""


def parse_port(text: str, example: int) -> int:
    """Parse a port number that a user typed.

    Raises:
        CommandError: the text is not a number from 1 to 65535.
    """
    if not re.fullmatch("[0-9]{1,5}", text) or not 1 <= int(text) <= HIGHEST_PORT:
        raise CommandError(f"PORT={text} is not a port: expected a number from 1 to {HIGHEST_PORT}, such as {example}.")
    return int(text)


def find_free_port() -> int:
    """Return a port that no server listens on now, and that the system gives to no other program.

    Raises:
        CommandError: this process can listen on none.
    """
    with socket.socket() as probe:
        for port in SystemRandom().sample(_OWN_PORTS, len(_OWN_PORTS)):
            with suppress(OSError):
                probe.bind((LOOPBACK, port))
                return port
    raise CommandError(f"Cannot listen on any port of {LOOPBACK} from {_OWN_PORTS[0]} to {_OWN_PORTS[-1]}.")


def require_free_port(port: int) -> None:
    """Check that a port can be listened on.

    Raises:
        CommandError: it cannot. If it is in use, the text names a free port.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # servers set it too: TIME_WAIT does not count
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise CommandError(f"Port {port} is in use. A free one: PORT={find_free_port()}") from None
            raise CommandError(f"Cannot listen on port {port}: {error.strerror}.") from None
