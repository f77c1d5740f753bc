"""A transport below `S3Client` that plays a script, and a signer without credentials."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx

from intake.s3.signer import SignedUrl


class FakeSigner:
    """Signs every request, or raises an error."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.calls = 0

    def sign(self, method: str, key: str, headers: dict[str, str]) -> SignedUrl:
        del method, headers
        self.calls += 1
        if self.error is not None:
            raise self.error
        return SignedUrl("https://the-images.s3.example", "the-images.s3.example", f"/{key}?signature={self.calls}")


class _Stream(httpx.AsyncByteStream):
    def __init__(self, body: bytes) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._body


class ScriptedTransport(httpx.AsyncBaseTransport):
    """Plays one entry of the script for each request: a response, an error, or so many seconds of silence.

    Attributes:
        requests, responses: all of them.
    """

    def __init__(
        self, *script: tuple[int, bytes] | Exception | float, etag: str | None = '"1"', extensions: Any = None
    ) -> None:
        self._script = list(script)
        self._extensions = extensions
        self._headers = {} if etag is None else {"ETag": etag}
        self.requests: list[httpx.Request] = []
        self.responses: list[httpx.Response] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        entry = self._script.pop(0)
        if isinstance(entry, Exception):
            raise entry
        if isinstance(entry, float):
            await asyncio.sleep(entry)
            entry = (200, b"")
        stream, extensions = _Stream(entry[1]), self._extensions
        self.responses.append(httpx.Response(entry[0], headers=self._headers, stream=stream, extensions=extensions))
        return self.responses[-1]
