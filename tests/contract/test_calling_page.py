"""The examples of docs/calling.md: typed, formatted, tested; what they make of each response, and how they sign."""

import asyncio
import importlib
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import botocore.session
import httpx
import pytest
from botocore.credentials import RefreshableCredentials
from infra.build.template_file import ROOT

from support.calling_page import list_blocks, write_files

RECEIPT = {"status": "stored", "objectKeys": ["images/aa/aa.jpg"], "images": []}
GATEWAY = {"message": "Internal server error"}
FAULTS = [{"path": "urls", "message": "is missing"}]
PROBLEM = {"detail": "This is not a valid File.", "errors": FAULTS}
NOT_JSON = {"detail": "The body is too large."}
RUN_BY = {
    "PolicyName:": "support/calling_lab.py",
    "aws_auth.py": "contract/test_calling_page.py",
    "image_intake.py": "contract/test_calling_page.py",
    "service.py": "e2e/test_calling_http.py",
    "uvicorn": "e2e/test_calling_http.py",
    "read_image.py": "e2e/test_calling_http.py",
    "script.py": "e2e/test_calling_http.py",
    "respond_async.py": "e2e/test_calling_http.py",
    "status=$(curl": "e2e/test_calling_http.py",
    "image_intake.mjs": "javascript/test_api.py",
    "script.mjs": "javascript/test_api.py",
    "make": "e2e/test_calling_templates.py",
    "main.tf": "e2e/test_calling_templates.py",
    "stack.mjs": "javascript/test_cdk.py",
}
"""The blocks of the page in its order, and the test or support module that runs each."""

type Reply = tuple[int, dict[str, Any]] | Exception


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Any]]:
    """Import a file of the page; what it imported is forgotten afterwards."""
    write_files(tmp_path, "python")
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)
    yield importlib.import_module
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]


@pytest.fixture
def replies(monkeypatch: pytest.MonkeyPatch) -> list[Reply]:
    """The replies of the API, in order; nobody waits between them."""

    async def no_wait(_: float) -> None:
        return

    monkeypatch.setattr(asyncio, "sleep", no_wait)
    return []


def client_of(replies: list[Reply]) -> httpx.AsyncClient:
    """Return a client that gets the replies, one after the other, and removes each from the list."""

    def reply(request: httpx.Request) -> httpx.Response:
        assert (request.method, str(request.url)) == ("POST", "https://api.example/v1/files")
        result = replies.pop(0)
        if isinstance(result, Exception):
            raise result
        return httpx.Response(result[0], json=result[1])

    return httpx.AsyncClient(transport=httpx.MockTransport(reply), base_url="https://api.example/v1")


LOST = httpx.ReadError("lost")


@pytest.mark.parametrize(
    "given",
    [
        [(200, RECEIPT)],
        [(207, RECEIPT)],
        [(502, RECEIPT)],
        [(429, {"message": "Too Many Requests"}), (200, RECEIPT)],
        [(503, GATEWAY), (504, GATEWAY), (207, RECEIPT)],
        [(502, GATEWAY), (500, GATEWAY), (502, RECEIPT)],
        [LOST, httpx.ConnectTimeout("no answer"), (200, RECEIPT)],
        [httpx.RemoteProtocolError("closed"), (200, RECEIPT)],
    ],
)
async def test_ingest_returns_the_receipt_after_what_may_succeed_later(
    example: Callable[[str], Any], replies: list[Reply], given: list[Reply]
) -> None:
    replies += given
    async with client_of(replies) as client:
        assert await example("image_intake").ingest(client, {}) == RECEIPT
    assert replies == []


@pytest.mark.parametrize("reply", [(429, GATEWAY), (500, GATEWAY), (502, GATEWAY), (503, GATEWAY), LOST])
async def test_ingest_gives_up_after_three_attempts_and_says_why(
    example: Callable[[str], Any], replies: list[Reply], reply: Reply
) -> None:
    intake = example("image_intake")
    replies += [reply] * 4
    async with client_of(replies) as client:
        with pytest.raises(intake.Unavailable, match="lost" if reply is LOST else str(reply)[1:4]):
            await intake.ingest(client, {})
    assert len(replies) == 1


@pytest.mark.parametrize(
    ("reply", "faults"),
    [
        ((422, PROBLEM), FAULTS),
        ((400, PROBLEM), FAULTS),
        ((413, NOT_JSON), [{"path": "", "message": "The body is too large."}]),
        ((413, {"message": "Request Too Long"}), [{"path": "", "message": "{'message': 'Request Too Long'}"}]),
    ],
)
async def test_ingest_sends_a_file_once_when_it_is_at_fault(
    example: Callable[[str], Any], replies: list[Reply], reply: Reply, faults: list[dict[str, str]]
) -> None:
    intake = example("image_intake")
    replies += [reply, (200, RECEIPT)]
    async with client_of(replies) as client:
        with pytest.raises(intake.InvalidFile) as raised:
            await intake.ingest(client, {})
    assert raised.value.faults == faults
    assert len(replies) == 1


@pytest.mark.parametrize("status", [401, 403, 404])
async def test_ingest_sends_a_file_once_when_the_caller_is_at_fault(
    example: Callable[[str], Any], replies: list[Reply], status: int
) -> None:
    replies += [(status, GATEWAY), (200, RECEIPT)]
    async with client_of(replies) as client:
        with pytest.raises(httpx.HTTPStatusError, match=str(status)):
            await example("image_intake").ingest(client, {})
    assert len(replies) == 1


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


@pytest.mark.parametrize(
    "command",
    [
        ["ruff", "check", "--isolated", "--no-cache", "--select", "E,F,I,B,UP,ASYNC,BLE,PLE,PLW,RET,SIM,TRY002"],
        ["ruff", "format", "--check", "--isolated", "--no-cache"],
        ["mypy", "--strict", "--config-file", "", "--cache-dir", "cache"],
    ],
    ids=lambda command: " ".join(command[:2]),
)
def test_python_examples_pass_the_tools_of_the_project(tmp_path: Path, command: list[str]) -> None:
    write_files(tmp_path, "python")
    options = ["--line-length", "120", "--target-version", "py313"] if command[0] == "ruff" else []
    program = ROOT / ".venv" / "bin" / command[0]
    done = subprocess.run(
        [program, *command[1:], *options, "."], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_block_of_the_page_is_run_by_a_test() -> None:
    titles = [block.name or block.text.split()[0] for block in list_blocks()]
    assert titles == list(RUN_BY)
    assert [
        title for title, path in RUN_BY.items() if title.removesuffix(".py") not in (ROOT / "tests" / path).read_text()
    ] == []
