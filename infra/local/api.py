"""Sends requests to the API, signed with AWS Signature Version 4."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from typing import Any

import botocore.credentials
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

TIMEOUT_SECONDS = 40.0
"""Longer than API Gateway's own time limit of 29 seconds, so that its response is seen."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """An access key that signs requests."""

    key: str
    secret: str


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
    """Send one request, signed if there are credentials. No status is an error."""
    given = {"Content-Type": "application/json"} if body is not None else {}
    request = AWSRequest(method=method, url=url, data=body, headers={**given, **(headers or {})})
    if credentials:
        keys = botocore.credentials.Credentials(credentials.key, credentials.secret)
        SigV4Auth(keys, "execute-api", region).add_auth(request)
    signed = dict(request.headers)
    plain = urllib.request.Request(url, data=body, method=method, headers=signed)  # noqa: S310 - the URL of the local API
    # The API is on this machine: do not use a proxy of the environment.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(plain, timeout=TIMEOUT_SECONDS) as response:
            return _to_response(response.status, response.headers, response.read())
    except urllib.error.HTTPError as error:
        with error:
            return _to_response(error.code, error.headers, error.read())


def _to_response(status: int, headers: Message, body: bytes) -> ApiResponse:
    return ApiResponse(
        status, headers.get_content_type(), body, {name.lower(): value for name, value in headers.items()}
    )
