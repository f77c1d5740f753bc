"""What the examples of docs/calling.md make of each response: image_intake.py, the state machine and send.py."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from support.calling_page import read_state_machine
from support.state_machine import ExecutionFailed, StateMachine

RECEIPT = {"status": "stored", "objectKeys": ["images/aa/aa.jpg"], "images": []}
GATEWAY = {"message": "Internal server error"}
FAULTS = [{"path": "urls", "message": "is missing"}]
PROBLEM = {"detail": "This is not a valid File.", "errors": FAULTS}
NOT_JSON = {"detail": "The body is too large."}
HTML = "<html><h1>Request Entity Too Large</h1></html>"
type Reply = tuple[int, dict[str, Any] | str] | Exception


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
        status, body = result
        return httpx.Response(status, text=body) if isinstance(body, str) else httpx.Response(status, json=body)

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
        ((413, {"message": "Request Too Long"}), [{"path": "", "message": '{"message":"Request Too Long"}'}]),
        # A proxy before the API.
        ((413, HTML), [{"path": "", "message": HTML}]),
        ((400, HTML), [{"path": "", "message": HTML}]),
        ((400, "no " * 1000), [{"path": "", "message": ("no " * 1000)[:200]}]),
        ((422, ""), [{"path": "", "message": ""}]),
        ((400, "[]"), [{"path": "", "message": "[]"}]),
        ((400, '"text"'), [{"path": "", "message": '"text"'}]),
        ((413, "null"), [{"path": "", "message": "null"}]),
        ((413, '{"detail": '), [{"path": "", "message": '{"detail": '}]),
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


FILE = {"file": {"urls": ["https://images.example/a.jpg"]}}


def fail_then_answer(errors: list[str]) -> Callable[[str, Any], Any]:
    """Return a function that fails with each error once, and then returns a receipt."""

    def invoke(_: str, payload: Any) -> Any:
        assert payload == FILE["file"]
        if errors:
            raise ExecutionFailed(errors.pop(0), "a cause")
        return RECEIPT | {"receiptKey": "receipts/a.json"}

    return invoke


def start_machine(errors: list[str]) -> StateMachine:
    """Return the state machine of the page, whose function fails with each error once."""
    return StateMachine(read_state_machine(), fail_then_answer(errors), objects={})


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ("Lambda.TooManyRequestsException", [2, 4, 8, 16, 32]),
        ("Lambda.ServiceException", [2, 4, 8, 16, 32]),
        ("Lambda.AWSLambdaException", [2, 4, 8, 16, 32]),
        ("Lambda.SdkClientException", [2, 4, 8, 16, 32]),
        ("Lambda.ClientExecutionTimeoutException", [2, 4, 8, 16, 32]),
        ("Lambda.Unknown", [4]),
        ("Sandbox.Timedout", [4]),
        ("Runtime.ExitError", [4]),
        ("ConfigError", [4]),
        ("InvalidFile", []),
    ],
)
def test_state_machine_tries_an_error_again_as_often_as_it_helps(error: str, expected: list[float]) -> None:
    machine = start_machine([error] * len(expected))

    output = machine._run(machine.definition["StartAt"], machine.definition["States"], FILE)

    assert output["receipt"] == {
        "status": "stored",
        "objectKeys": RECEIPT["objectKeys"],
        "receiptKey": "receipts/a.json",
    }
    assert machine.waits == expected
    again = start_machine([error] * (len(expected) + 1))
    with pytest.raises(ExecutionFailed, match=error):
        again._run(machine.definition["StartAt"], machine.definition["States"], FILE)


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([], []),
        ([10] * 10, [10]),
        ([10] * 23, [10, 10, 3]),
        ([400_000, 400_000, 400_000], [2, 1]),
        ([1024 * 1024, 1, 1024 * 1024 - 1, 1], [1, 2, 1]),
        ([2_000_000, 1], [1, 1]),
    ],
)
def test_messages_fit_into_the_requests_of_sqs(
    example: Callable[[str], Any], sizes: list[int], expected: list[int]
) -> None:
    """A message that is too large is alone, so that SQS refuses no other with it."""
    batches = list(example("send").batches("x" * size for size in sizes))

    assert list(map(len, batches)) == expected
    assert [len(body) for batch in batches for body in batch] == sizes
