"""S3 error responses as AWS words them: microburst, a proxy that makes errors from botocore's own models.

The proxy runs in a process of its own in front of a real S3 server, and forwards the requests that no rule matches.
"""

import json
import multiprocessing
import socket
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from aiohttp import web
from microburst.app import make_app  # type: ignore[import-untyped]
from microburst.core.pipeline import Microburst  # type: ignore[import-untyped]
from microburst.forward import Upstream  # type: ignore[import-untyped]

from support import s3_server

LOOPBACK = "127.0.0.1"


class _SignedUpstream(Upstream):  # type: ignore[misc]  # it has no types
    """Forwards requests with the host and the length that were signed; microburst would replace both."""

    def _outbound_headers(self, request: web.Request) -> dict[str, str]:
        signed = {name: request.headers[name] for name in ("Host", "Content-Length") if name in request.headers}
        headers: dict[str, str] = super()._outbound_headers(request)
        return headers | {name.lower(): value for name, value in signed.items()}


class S3Faults:
    """Controls the proxy in front of an S3 server.

    Attributes:
        url: endpoint of the proxy, for `AWS_ENDPOINT_URL_S3`.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._requests_before = 0

    def clear(self) -> None:
        """Forward every request."""
        self._set([])

    def inject(self, **rule: Any) -> None:
        """Apply one rule from now on; microburst's documentation lists the members of a rule."""
        self._set([{"service": "s3", **rule}])

    @property
    def injected(self) -> list[str]:
        """The faults that were injected since the rule was set, one entry each."""
        return [event["action"] for event in self._call("fired")]

    @property
    def requests(self) -> int:
        """Number of requests since the rule was set."""
        return self._count_requests() - self._requests_before

    def _set(self, rules: list[dict[str, Any]]) -> None:
        self._call("rules", "POST", rules)
        self._call("fired", "DELETE")
        self._requests_before = self._count_requests()

    def _count_requests(self) -> int:
        return int(self._call("health")["requests_seen"])

    def _call(self, path: str, method: str = "GET", document: object = None) -> Any:
        body = None if document is None else json.dumps(document).encode()
        request = urllib.request.Request(f"{self.url}/_microburst/{path}", body, method=method)  # noqa: S310 - http
        with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310 - the same
            return json.load(response)


@contextmanager
def start_s3_faults(s3: s3_server.S3Server) -> Generator[S3Faults]:
    """Start the proxy in front of an S3 server."""
    with socket.create_server((LOOPBACK, 0)) as listening:
        port = listening.getsockname()[1]
        process = multiprocessing.get_context("spawn").Process(target=_run, args=(s3.url, listening), daemon=True)
        process.start()
    try:
        faults = S3Faults(f"http://{LOOPBACK}:{port}")
        # The first request takes a second, because the proxy reads the models of botocore.
        replace(s3, url=faults.url).client().put_object(Bucket=s3_server.PROBE, Key=s3_server.PROBE, Body=b"")
        yield faults
    finally:
        process.kill()
        process.join()


def _run(s3: str, listening: socket.socket) -> None:
    proxy = Microburst(s3, resign=False)
    proxy.upstream = _SignedUpstream(s3)
    web.run_app(make_app(proxy), sock=listening, print=None, access_log=None)
