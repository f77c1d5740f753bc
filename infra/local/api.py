"""Calls to the API, signed with SigV4 as API Gateway wants them."""

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
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
    """Status, media type and body as they came."""

    status: int
    content_type: str
    body: bytes

    def json(self) -> Any:  # noqa: ANN401 - JSON is what it is
        """The body, read."""
        return json.loads(self.body)


def call(method: str, url: str, body: bytes | None, *, region: str, credentials: Credentials | None) -> Answer:
    """Send one request, signed unless there are no credentials; any status is an answer."""
    headers = {"Content-Type": "application/json"} if body is not None else {}
    request = AWSRequest(method=method, url=url, data=body, headers=headers)
    if credentials:
        keys = botocore.credentials.Credentials(credentials.key, credentials.secret)
        SigV4Auth(keys, "execute-api", region).add_auth(request)
    signed = dict(request.headers)
    plain = urllib.request.Request(url, data=body, method=method, headers=signed)  # noqa: S310 - our own URL
    # No proxy of the environment: what is called is on this machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(plain, timeout=SECONDS) as response:
            return Answer(response.status, response.headers.get_content_type(), response.read())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, error.headers.get_content_type(), error.read())
