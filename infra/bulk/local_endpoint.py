"""Checks the URL of a local AWS, and recognizes files of `make up` that do not exist because it is not running."""

import os
import re
import socket
from pathlib import Path
from urllib.parse import urlsplit

QUESTION = "Is `make up` running?"
CONNECT_SECONDS = 5.0
_LOOPBACK = {"127.0.0.1", "localhost"}
_PORTS = {"http": 80, "https": 443}
_URL = re.compile(r"https?://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(:[0-9]+)?(/\S*)?")


def is_file_of_make_up(path: Path) -> bool:
    """Whether a file is one of those that `make up` writes, and deletes when it stops."""
    folder = path.absolute().parent
    return folder.parent.name == ".local" and (folder.name == "up" or folder.name.startswith("up-"))


def require_endpoint(endpoint: str) -> None:
    """Check the URL of a local AWS.

    Args:
        endpoint: the variable ENDPOINT; if it is empty, AWS_ENDPOINT_URL counts, as for boto3.

    Raises:
        ValueError: it is not a URL.
        ConnectionError: it is on this machine, but no server listens there.
    """
    name, url = ("ENDPOINT", endpoint) if endpoint else ("AWS_ENDPOINT_URL", os.environ.get("AWS_ENDPOINT_URL", ""))
    if url and not _is_url(url):
        raise ValueError(f"{name}={url} is not a URL such as http://127.0.0.1:4566.")
    if url and _is_missing(url):
        raise ConnectionError(f"nothing listens at {url}. {QUESTION}")


def _is_url(endpoint: str) -> bool:
    """Whether a text is an http or https URL, whose port is possible."""
    try:
        return _URL.fullmatch(endpoint) is not None and urlsplit(endpoint).port != 0
    except ValueError:
        return False


def _is_missing(endpoint: str) -> bool:
    """Whether an endpoint is on this machine, but no server listens there."""
    url = urlsplit(endpoint)
    if url.hostname not in _LOOPBACK:
        return False
    try:
        socket.create_connection((url.hostname, url.port or _PORTS[url.scheme]), CONNECT_SECONDS).close()
    except OSError:
        return True
    return False
