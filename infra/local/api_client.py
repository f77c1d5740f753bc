"""Sends requests to the API, signed with AWS Signature Version 4."""

import json
import os
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from typing import Any
from urllib.parse import urlsplit

import botocore.credentials
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

from infra.command.tcp_ports import LOOPBACK

TIMEOUT_SECONDS = 40.0
"""Longer than API Gateway's time limit of 29 seconds, so that its response arrives."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """An access key that signs requests.

    Attributes:
        key: the id of the access key.
        secret: the secret access key.
        token: the session token of temporary credentials; None if they are not temporary.
    """

    key: str
    secret: str
    token: str | None = None


@dataclass(frozen=True, slots=True)
class ApiResponse:
    """A response of the API. Header names are in lower case."""

    status: int
    content_type: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    def json(self) -> Any:  # noqa: ANN401 - any JSON
        """Parse the body."""
        return json.loads(self.body)


def send_request(  # noqa: PLR0913 - the parts of a request
    method: str,
    url: str,
    body: bytes | None,
    *,
    region: str,
    credentials: Credentials | None,
    headers: Mapping[str, str] | None = None,
) -> ApiResponse:
    """Send one request, signed if there are credentials. It raises no error for any status."""
    defaults = {"Content-Type": "application/json"} if body is not None else {}
    request = AWSRequest(method=method, url=url, data=body, headers={**defaults, **(headers or {})})
    if credentials:
        keys = botocore.credentials.Credentials(credentials.key, credentials.secret, credentials.token)
        SigV4Auth(keys, "execute-api", region).add_auth(request)
    signed = dict(request.headers)
    signed_request = urllib.request.Request(url, data=body, method=method, headers=signed)  # noqa: S310 - the URL of the API
    try:
        with _make_opener(url).open(signed_request, timeout=TIMEOUT_SECONDS) as response:
            return _to_response(response.status, response.headers, response.read())
    except urllib.error.HTTPError as error:
        with error:
            return _to_response(error.code, error.headers, error.read())


def _make_opener(url: str) -> urllib.request.OpenerDirector:
    """Use no proxy for an API on this machine; for others, the proxies and the certificates that boto3 uses."""
    if urlsplit(url).hostname == LOOPBACK:
        return urllib.request.build_opener(urllib.request.ProxyHandler({}))
    context = ssl.create_default_context(cafile=os.environ.get("AWS_CA_BUNDLE") or None)
    return urllib.request.build_opener(urllib.request.HTTPSHandler(context=context))


def _to_response(status: int, headers: Message, body: bytes) -> ApiResponse:
    return ApiResponse(
        status, headers.get_content_type(), body, {name.lower(): value for name, value in headers.items()}
    )
