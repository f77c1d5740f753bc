"""S3 that refuses, as AWS words it: microburst, a proxy whose errors are those of botocore's own models.

It stands, in a process of its own, before a real S3 server; what no rule holds back goes there.
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


class _AsSigned(Upstream):  # type: ignore[misc]  # it has no types
    """Sends requests on under the host and with the length that were signed; microburst would name its own."""

    def _outbound_headers(self, request: web.Request) -> dict[str, str]:
        kept = {name: request.headers[name] for name in ("Host", "Content-Length") if name in request.headers}
        headers: dict[str, str] = super()._outbound_headers(request)
        return headers | {name.lower(): value for name, value in kept.items()}


class Weather:
    """What stands between us and S3.

    Attributes:
        url: its endpoint, for `AWS_ENDPOINT_URL_S3`.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._before = 0

    def clear(self) -> None:
        """Let everything through."""
        self._set([])

    def rule(self, **rule: Any) -> None:
        """Hold requests back from now on; microburst's documentation has the members of a rule."""
        self._set([{"service": "s3", **rule}])

    @property
    def held_back(self) -> list[str]:
        """What was done to requests since the rule was made, one entry each."""
        return [event["action"] for event in self._ask("fired")]

    @property
    def requests(self) -> int:
        """How many came since the rule was made."""
        return self._seen() - self._before

    def _set(self, rules: list[dict[str, Any]]) -> None:
        self._ask("rules", "POST", rules)
        self._ask("fired", "DELETE")
        self._before = self._seen()

    def _seen(self) -> int:
        return int(self._ask("health")["requests_seen"])

    def _ask(self, what: str, method: str = "GET", document: object = None) -> Any:
        body = None if document is None else json.dumps(document).encode()
        request = urllib.request.Request(f"{self.url}/_microburst/{what}", body, method=method)  # noqa: S310 - http
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - the same
            return json.load(answer)


@contextmanager
def weather_before(s3: s3_server.S3Server) -> Generator[Weather]:
    """Start microburst before an S3 server."""
    with socket.create_server((LOOPBACK, 0)) as listening:
        port = listening.getsockname()[1]
        process = multiprocessing.get_context("spawn").Process(target=_run, args=(s3.url, listening), daemon=True)
        process.start()
    try:
        weather = Weather(f"http://{LOOPBACK}:{port}")
        # The first request makes it read the models of AWS, which takes a second.
        replace(s3, url=weather.url).client().put_object(Bucket=s3_server.PROBE, Key=s3_server.PROBE, Body=b"")
        yield weather
    finally:
        process.kill()
        process.join()


def _run(s3: str, listening: socket.socket) -> None:
    proxy = Microburst(s3, resign=False)
    proxy.upstream = _AsSigned(s3)
    web.run_app(make_app(proxy), sock=listening, print=None, access_log=None)
