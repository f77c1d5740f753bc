"""HostSource: adds the headers of a host to the requests that are sent to its origin."""

from collections.abc import Collection
from functools import partial
from typing import override

import httpx

from intake.sources.host_credentials import HostCredentials, Reader
from intake.sources.host_headers import HostHeaders

_UNAUTHORIZED = 401


class HostSource(httpx.AsyncBaseTransport):
    """The transport of one host: `https`, on port 443.

    The downloader looks up the source of each request by the origin of its URL: no other origin gets the headers.
    """

    def __init__(self, host: str, credentials: HostCredentials, transport: httpx.AsyncBaseTransport) -> None:
        """Send requests for a host.

        Args:
            host: its name, as in `Url.host`.
            credentials: has the headers of the host.
            transport: sends the requests. It stays open when the source is closed.
        """
        self._host = host
        self._credentials = credentials
        self._transport = transport

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request with the headers of the host; once more if it refuses them and the secret has others.

        Raises:
            CredentialsUnavailable: the secret has no headers for the host. Nothing is sent.
            Exception: raised by the transport.
        """
        with request.extensions["waiting"]():
            headers = await self._credentials.find(self._host)
        response = await self._send(request, headers)
        if response.status_code != _UNAUTHORIZED:
            return response
        # Nobody reads its body. The image may be cancelled while the secret is read, which takes seconds.
        await response.aclose()
        with request.extensions["waiting"]():
            newer = await self._credentials.find_newer(self._host, headers)
        return response if newer is None else await self._send(request, newer)

    async def _send(self, request: httpx.Request, headers: HostHeaders) -> httpx.Response:
        fields = request.headers.copy()
        fields.update(headers.fields)
        return await self._transport.handle_async_request(
            httpx.Request(
                request.method, request.url, headers=fields, extensions=request.extensions, stream=request.stream
            )
        )


def make_host_sources(
    hosts: Collection[str], arn: str, transport: httpx.AsyncBaseTransport
) -> dict[str, httpx.AsyncBaseTransport]:
    """Return the sources of all hosts, by `Url.origin`.

    Args:
        hosts: the setting SOURCE_HOSTS.
        arn: the setting SOURCE_SECRET_ARN.
        transport: sends the requests, and refuses every address that is not allowed.
    """
    credentials = HostCredentials(hosts, partial(_make_reader, arn))
    return {f"https://{host}": HostSource(host, credentials, transport) for host in hosts}


def _make_reader(arn: str) -> Reader:
    from intake.sources.secret_reader import SecretReader  # noqa: PLC0415 - imports boto3, in a thread

    return SecretReader(arn)
