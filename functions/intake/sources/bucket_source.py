"""BucketSource: reads the objects of one bucket of SOURCE_BUCKETS, with requests that the service signs."""

from time import monotonic
from typing import TYPE_CHECKING, override
from urllib.parse import unquote

import httpx

from intake.http_client.transport import NO_BODY, origin_url
from intake.model.error_codes import CredentialsUnavailable, IntakeError
from intake.s3.background_signer import BackgroundSigner
from intake.sources.bucket_errors import find_region, to_bucket_error

if TYPE_CHECKING:
    from collections.abc import Callable

    from intake.s3.signer import Signer  # not at runtime: it imports boto3

_MISSING_SECONDS = 5.0
"""How long credentials count as missing that could not be found: a search takes seconds on some machines."""

_MAX_ERROR_BYTES = 64 * 1024
_REDIRECTION, _SERVER_ERROR = 300, 500

# The downloader reads these itself: they answer a condition, or mean the same from any origin.
_OF_ANY_ORIGIN = frozenset({304, 408, 412, 425, 429})


class BucketSource(httpx.AsyncBaseTransport):
    """Sends the requests for `s3://bucket/…` to S3. It follows no redirect but that to the region of the bucket."""

    def __init__(
        self,
        make_signer: "Callable[[str | None], Signer]",
        transport: httpx.AsyncBaseTransport,
        region: str | None = None,
    ) -> None:
        """Create a source. boto3 is not asked for its credentials before the first request.

        Args:
            make_signer: makes the signer for the bucket in a region; None is the region of the service.
            transport: carries the signed requests.
            region: the region of the bucket, if it is known. S3 tells it otherwise, at the price of one request.
        """
        self._make_signer = make_signer
        self._transport = transport
        self._region = region
        self._signer: BackgroundSigner | None = None
        self._fault = ""
        self._missing_until = 0.0

    @override
    async def aclose(self) -> None:
        """Close every connection."""
        await self._transport.aclose()

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Sign and send the request for an object, whose `target` is that of an s3: `Url`.

        Returns:
            A response that means the same from any origin.

        Raises:
            TransportError: there is no response.
            CredentialsUnavailable: the request could not be signed, or S3 does not accept who signed it.
            IntakeError: the error of another response.
        """
        key, version = _find_object(request)
        signer = await self._find_signer()
        response = await self._send(signer, request, key, version)
        if not _is_error_of_s3(response):
            return response
        content = await _read_error(response)
        region = find_region(response.headers, content)
        if region is not None and region != signer.region:
            self._move(region)
            try:
                response = await self._send(await self._find_signer(), request, key, version)
            except Exception:
                self._move(signer.region)  # there may be no such region
                raise
            if not _is_error_of_s3(response):
                return response
            content = await _read_error(response)
        raise to_bucket_error(response.status_code, response.headers, content, has_version=bool(version))

    async def _find_signer(self) -> "Signer":
        if monotonic() < self._missing_until:
            raise CredentialsUnavailable(reason=self._fault)
        if self._signer is None:
            region = self._region
            self._signer = BackgroundSigner(lambda: self._make_signer(region))
        try:
            return await self._signer.get()
        except Exception as error:
            # boto3 raises errors of many kinds for profiles and files of credentials. None of them is a bug.
            text = f"cannot sign: {type(error).__name__}: {error}"
            self._fault = (error.reason if isinstance(error, IntakeError) else None) or text
            self._signer, self._missing_until = None, monotonic() + _MISSING_SECONDS
            raise CredentialsUnavailable(reason=self._fault) from error

    def _move(self, region: str) -> None:
        """Sign for another region from now on."""
        if region != self._region:
            self._region, self._signer = region, None

    async def _send(self, signer: "Signer", request: httpx.Request, key: str, version: str) -> httpx.Response:
        try:
            signed = signer.sign("GET", key, {}, version)
        except IntakeError as error:
            raise CredentialsUnavailable(reason=error.reason) from error
        headers = request.headers.copy()
        headers["Host"] = signed.host
        extensions = {**request.extensions, "target": signed.target.encode("ascii")}
        return await self._transport.handle_async_request(
            httpx.Request("GET", origin_url(signed.origin), headers=headers, extensions=extensions, stream=NO_BODY)
        )


def _find_object(request: httpx.Request) -> tuple[str, str]:
    """Return the key of an object, and the id of its version or nothing."""
    target: bytes = request.extensions["target"]
    key, _, version = target.decode("ascii").removeprefix("/").partition("?versionId=")
    return unquote(key), unquote(version)


def _is_error_of_s3(response: httpx.Response) -> bool:
    """Whether the body of a response says what it means."""
    status = response.status_code
    return _REDIRECTION <= status < _SERVER_ERROR and status not in _OF_ANY_ORIGIN


async def _read_error(response: httpx.Response) -> bytes:
    content = bytearray()
    try:
        async for chunk in response.stream:  # type: ignore[union-attr]  # an async transport's stream is async
            content += chunk
            if len(content) > _MAX_ERROR_BYTES:
                break
    finally:
        await response.stream.aclose()  # type: ignore[union-attr]  # the same
    return bytes(content)
