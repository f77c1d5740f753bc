"""Calls to the API, signed with SigV4 as API Gateway wants them."""

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

SECONDS = 40.0
"""API Gateway gives up after 29 seconds; who waits longer sees its answer."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What signs a call."""

    key: str
    secret: str


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, media type, body and headers as they came; names of headers in lower case."""

    status: int
    content_type: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    def json(self) -> Any:  # noqa: ANN401 - JSON is what it is
        """The body, read."""
        return json.loads(self.body)


def call(  # noqa: PLR0913 - what makes a request
    method: str,
    url: str,
    body: bytes | None,
    *,
    region: str,
    credentials: Credentials | None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Send one request, signed unless there are no credentials; any status is an answer."""
    given = {"Content-Type": "application/json"} if body is not None else {}
    request = AWSRequest(method=method, url=url, data=body, headers={**given, **(headers or {})})
    if credentials:
        keys = botocore.credentials.Credentials(credentials.key, credentials.secret)
        SigV4Auth(keys, "execute-api", region).add_auth(request)
    signed = dict(request.headers)
    plain = urllib.request.Request(url, data=body, method=method, headers=signed)  # noqa: S310 - our own URL
    # No proxy of the environment: what is called is on this machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(plain, timeout=SECONDS) as response:
            return _answer(response.status, response.headers, response.read())
    except urllib.error.HTTPError as error:
        with error:
            return _answer(error.code, error.headers, error.read())


def _answer(status: int, headers: Message, body: bytes) -> Answer:
    return Answer(status, headers.get_content_type(), body, {name.lower(): value for name, value in headers.items()})
