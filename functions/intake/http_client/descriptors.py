"""How many descriptors the client may use, and how it notices that none is left.

A process has a limit of open descriptors (RLIMIT_NOFILE); on Lambda it is 1,024 (AWS Lambda Developer Guide,
"Lambda quotas"). Each socket takes one, and so does each name lookup that is running.
"""

import errno
import socket
from resource import RLIM_INFINITY, RLIMIT_NOFILE, getrlimit

_MAX_LOOKUPS = 512
_MAX_RESERVED = 64
"""Descriptors for everything else: the event loop, the runtime of Lambda, files."""

_UNLIMITED = 2**20
_NO_DESCRIPTOR = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class OutOfDescriptors(Exception):
    """The process or the system has no descriptor, or no memory, for another socket. The peer is not at fault."""


def max_lookups() -> int:
    """Return how many lookups may run at once: half of the descriptors of the process, at most 512."""
    return min(_MAX_LOOKUPS, _limit() // 2)


def max_sockets() -> int:
    """Return how many sockets all connection pools of the process may have open together."""
    limit = _limit()
    return limit - max_lookups() - min(_MAX_RESERVED, limit // 4)


def _limit() -> int:
    soft, _ = getrlimit(RLIMIT_NOFILE)
    return _UNLIMITED if soft == RLIM_INFINITY else soft


def require_descriptor(error: OSError) -> None:
    """Return if an error is the fault of a peer or of the network.

    Raises:
        OutOfDescriptors: it is not.
    """
    if error.errno in _NO_DESCRIPTOR and not isinstance(error, socket.gaierror):  # gaierror has numbers of its own
        raise OutOfDescriptors(str(error)) from error


def has_descriptor() -> bool:
    """Return whether a socket can be opened now."""
    try:
        socket.socket().close()
    except OSError:
        return False
    return True
