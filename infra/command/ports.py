"""TCP ports on loopback."""

import errno
import re
import socket

from infra.command.errors import CommandError

LOOPBACK = "127.0.0.1"
HIGHEST_PORT = 65535


def parse_port(text: str, example: int) -> int:
    """Read a port number that a user typed.

    Raises:
        CommandError: the text is not a number from 1 to 65535.
    """
    if not re.fullmatch("[0-9]{1,5}", text) or not 1 <= int(text) <= HIGHEST_PORT:
        raise CommandError(f"PORT={text} is not a port: expected a number from 1 to {HIGHEST_PORT}, such as {example}.")
    return int(text)


def find_free_port() -> int:
    """A port that nothing listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def require_free_port(port: int) -> None:
    """Check that a port can be listened on.

    Raises:
        CommandError: it cannot. The text names a port that is free.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # servers set it too: TIME_WAIT does not count
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise CommandError(f"Port {port} is in use. A free one: PORT={find_free_port()}") from None
            raise CommandError(f"Cannot listen on port {port}: {error.strerror}.") from None
