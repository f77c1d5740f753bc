"""Serves pictures over HTTP on loopback: the origin of the demo, of `make up` and of the end-to-end tests."""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

from infra.command.ports import LOOPBACK

DELAY_SECONDS = 0.05
"""How long an origin that is not far away takes to respond."""


@contextmanager
def serve_pictures(pictures: Mapping[str, bytes], delay: float = DELAY_SECONDS) -> Iterator[int]:
    """Serve each picture at `/name` until the block ends; yields the port.

    Args:
        pictures: bodies by name. Any other name is answered 404.
        delay: seconds before each response.
    """

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            time.sleep(delay)
            body = pictures.get(unquote(urlsplit(self.path).path).lstrip("/"))
            self.send_response(HTTPStatus.NOT_FOUND if body is None else HTTPStatus.OK)
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the base class
            """Log nothing: the receipt has each response."""

    class Server(ThreadingHTTPServer):
        request_queue_size = 128  # the default of 5 delays a burst of connections by a second
        daemon_threads = True

    server = Server((LOOPBACK, 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
