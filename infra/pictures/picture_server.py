"""Serves pictures over HTTP on loopback: the origin of the demo, of `make up` and of the end-to-end tests."""

import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

from infra.command.tcp_ports import LOOPBACK
from infra.pictures.conditional_request import etag_of, is_unchanged

DELAY_SECONDS = 0.05
"""A typical response time of an origin that is near."""


@dataclass(slots=True)
class OriginTraffic:
    """What a server has sent so far.

    Attributes:
        responses: the number of responses by status.
        body_bytes: the size of all bodies.
    """

    responses: Counter[int] = field(default_factory=Counter)
    body_bytes: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, status: int, body: bytes) -> None:
        """Count one response."""
        with self._lock:
            self.responses[status] += 1
            self.body_bytes += len(body)


@contextmanager
def serve_pictures(
    pictures: Mapping[str, bytes], delay: float = DELAY_SECONDS, traffic: OriginTraffic | None = None
) -> Iterator[int]:
    """Serve each picture at `/name` with ETag and Last-Modified, as web servers do, until the block ends.

    Args:
        pictures: bodies by name. The response to any other name is 404.
        delay: seconds before each response.
        traffic: counts the responses.

    Yields:
        The port.
    """
    counted = traffic or OriginTraffic()
    first_read_at: dict[str, float] = {}  # by ETag: Last-Modified of bytes that have no time of their own

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            time.sleep(delay)
            body = pictures.get(unquote(urlsplit(self.path).path).lstrip("/"))
            if body is None:
                return self._respond(HTTPStatus.NOT_FOUND, {"Content-Length": "0"})
            etag = etag_of(body)
            modified_at = first_read_at.setdefault(etag, time.time())
            headers = {"ETag": etag, "Last-Modified": formatdate(modified_at, usegmt=True)}
            if is_unchanged(self.headers, etag, modified_at):
                return self._respond(HTTPStatus.NOT_MODIFIED, headers)
            return self._respond(HTTPStatus.OK, {**headers, "Content-Length": str(len(body))}, body)

        def _respond(self, status: HTTPStatus, headers: Mapping[str, str], body: bytes = b"") -> None:
            counted.count(status, body)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the base class
            """Log nothing, because the receipt reports each response."""

    with _run_server(Handler) as port:
        yield port


class _Server(ThreadingHTTPServer):
    request_queue_size = 128  # the default of 5 delays a burst of connections by a second
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Print nothing if a client ended its connection: each function does that when it ends."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]  # what this method was given


@contextmanager
def _run_server(handler: type[BaseHTTPRequestHandler]) -> Iterator[int]:
    """Run a server in a thread until the block ends; yield its port."""
    server = _Server((LOOPBACK, 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
