"""How aws_auth.py of docs/calling.md signs: each request with the current keys, and with its body."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import botocore.session
import httpx
from botocore.credentials import RefreshableCredentials


class ExpiringKeys:
    """Keys that boto3 has to renew before each request; records the threads that renewed them."""

    def __init__(self) -> None:
        self.threads: list[threading.Thread] = []

    def session(self) -> boto3.Session:
        session = botocore.session.get_session()
        keys = RefreshableCredentials.create_from_metadata(self.renew(), self.renew, "test")
        session._credentials = keys  # type: ignore[attr-defined]
        return boto3.Session(botocore_session=session, region_name="eu-central-1")

    def renew(self) -> dict[str, str]:
        self.threads.append(threading.current_thread())
        number = len(self.threads)
        expires = (datetime.now(UTC) + timedelta(seconds=5)).isoformat()
        return {"access_key": f"KEY{number}", "secret_key": "s", "token": f"token {number}", "expiry_time": expires}


def record_headers(sent: list[httpx.Headers]) -> httpx.MockTransport:
    def record(request: httpx.Request) -> httpx.Response:
        sent.append(request.headers)
        return httpx.Response(200)

    return httpx.MockTransport(record)


def test_auth_signs_each_request_with_the_current_keys(example: Callable[[str], Any]) -> None:
    sent: list[httpx.Headers] = []
    auth = example("aws_auth").AwsAuth(ExpiringKeys().session())
    with httpx.Client(transport=record_headers(sent), auth=auth, base_url="https://api.example/v1") as client:
        client.post("/files", json={})
        client.get("/files/a")

    assert [headers["x-amz-security-token"] for headers in sent] == ["token 2", "token 3"]
    for headers, key in zip(sent, ("KEY2", "KEY3"), strict=True):
        assert f"Credential={key}/" in headers["authorization"]
        assert "/eu-central-1/execute-api/aws4_request" in headers["authorization"]


def test_auth_signs_the_body(example: Callable[[str], Any]) -> None:
    sent: list[httpx.Headers] = []
    auth = example("aws_auth").AwsAuth(boto3.Session("key", "secret", region_name="eu-central-1"))
    with httpx.Client(transport=record_headers(sent), auth=auth) as client:
        while len(sent) < 2 or sent[-1]["x-amz-date"] != sent[-2]["x-amz-date"]:
            for body in (b"{}", b"[]"):
                client.post("https://api.example/v1/files", content=iter([body]), headers={"content-length": "2"})

    assert sent[-1]["authorization"] != sent[-2]["authorization"]


async def test_auth_renews_keys_in_another_thread_when_the_client_is_asynchronous(
    example: Callable[[str], Any],
) -> None:
    sent: list[httpx.Headers] = []
    keys = ExpiringKeys()
    auth = example("aws_auth").AwsAuth(keys.session())
    async with httpx.AsyncClient(transport=record_headers(sent), auth=auth) as client:
        await client.post("https://api.example/v1/files", json={})

    assert sent[0]["x-amz-security-token"] == "token 2"
    assert keys.threads[-1] is not threading.main_thread()
