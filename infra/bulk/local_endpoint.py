"""Finds out whether `make up` runs, for a list or an endpoint that only it provides."""

import socket
from pathlib import Path
from urllib.parse import urlsplit

QUESTION = "Is `make up` running?"
CONNECT_SECONDS = 5.0
_LOOPBACK = {"127.0.0.1", "localhost"}
_PORTS = {"http": 80, "https": 443}


def is_file_of_make_up(path: Path) -> bool:
    """Whether `make up` writes a file, and deletes it when it stops."""
    folder = path.absolute().parent
    return folder.parent.name == ".local" and (folder.name == "up" or folder.name.startswith("up-"))


def is_missing(endpoint: str) -> bool:
    """Whether an endpoint is on this machine and nothing listens there."""
    url = urlsplit(endpoint)
    if url.hostname not in _LOOPBACK:
        return False
    try:
        socket.create_connection((url.hostname, url.port or _PORTS[url.scheme]), CONNECT_SECONDS).close()
    except OSError:
        return True
    return False
