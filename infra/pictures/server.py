"""A small origin on loopback, with the pictures of the demo."""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from infra.command.process import LOOPBACK

DELAY_SECONDS = 0.05
"""What an origin not too far away takes to answer."""


@contextmanager
def origin(files: Mapping[str, bytes], delay: float = DELAY_SECONDS) -> Iterator[int]:
    """Serve files by name, each at `/name`, until the block is left; yields the port.

    Args:
        files: what there is; everything else is 404.
        delay: seconds before each answer.
    """

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            time.sleep(delay)
            body = files.get(self.path.lstrip("/"))
            self.send_response(HTTPStatus.NOT_FOUND if body is None else HTTPStatus.OK)
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the base class
            """The table says enough."""

    class Server(ThreadingHTTPServer):
        request_queue_size = 128  # with the 5 it has otherwise, a burst of connections waits a second for a place
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
