"""The built artefact in the runtime that AWS has: it answers in time, and what does not is cut off."""

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest
from infra import artefact
from infra.template import ROOT, functions, load

from support import s3_server
from support.origin import IMAGE, Origin, origin_in_thread
from support.runtime_emulator import Environment, Invocation, lambda_environment

SAM = ROOT / ".local" / "sam" / "bin" / "sam"
EVENT = ROOT / "tests" / "events" / "http-post-file.json"
SECONDS = 4
"""The function's timeout here."""

PATIENT = {"READ_TIMEOUT": "60", "IMAGE_TIMEOUT": "60"}
"""Nothing but the function's own time ends the wait for an origin."""

type Start = Callable[..., Environment]


@pytest.fixture(scope="module")
def built() -> Iterator[dict[str, tuple[Path, str]]]:
    """Where each function's code is, and what its handler is called; nobody builds it anew meanwhile."""
    if not SAM.exists():
        pytest.fail("sam is not installed: run `make install`, or `make test` for everything.")
    into = artefact.local_build()
    with artefact.reserved(into):
        artefact.build(artefact.machine(), into, SAM)
        doors = functions(load(into / "template.yaml"))
        yield {name: (into / door["CodeUri"], door["Handler"]) for name, door in doors.items()}


@pytest.fixture
def origin() -> Iterator[Origin]:
    with origin_in_thread() as running:
        yield running


@pytest.fixture
def inbox(s3: s3_server.S3Server) -> str:
    return s3.new_bucket()


@pytest.fixture
def settings(s3: s3_server.S3Server, bucket: str, inbox: str, origin: Origin) -> dict[str, str]:
    """Of a function that may dial the origin."""
    allowed = {"ALLOWED_NETWORKS": "127.0.0.1/32", "ALLOWED_PORTS": f"{origin.port}"}
    return s3.environment | allowed | {"IMAGE_BUCKET": bucket, "INBOX_BUCKET": inbox}


@pytest.fixture
def start(built: dict[str, tuple[Path, str]], settings: dict[str, str], tmp_path: Path) -> Iterator[Start]:
    """Make the environment of a function."""
    with ExitStack() as stack:

        def make(door: str = "HttpFunction", **changed: str) -> Environment:
            made = lambda_environment(*built[door], tmp_path, timeout=SECONDS, variables=settings | changed)
            return stack.enter_context(made)

        yield make


def post(function: Environment, *urls: str) -> tuple[int, dict[str, Any], Invocation]:
    """Send a URL list as API Gateway does; the status, the receipt, and how they came."""
    event = json.loads(EVENT.read_text()) | {"body": json.dumps({"id": "emulated", "urls": urls})}
    answer = function.invoke(event)
    assert "Task timed out" not in answer.body
    response = answer.json()
    return response["statusCode"], json.loads(response["body"]), answer


def test_a_file_is_stored_and_answered(start: Start, origin: Origin, s3: s3_server.S3Server, bucket: str) -> None:
    status, receipt, _ = post(start(), origin.url("length"))

    assert (status, receipt["status"]) == (200, "stored")
    (key,) = receipt["objectKeys"]
    stored = s3.client().get_object(Bucket=bucket, Key=key)["Body"].read()
    assert hashlib.sha256(stored).hexdigest() == hashlib.sha256(IMAGE).hexdigest() == receipt["images"][0]["sha256"]
    assert hashlib.sha256(IMAGE).hexdigest() in key
    document = s3.client().get_object(Bucket=bucket, Key=receipt["receiptKey"])["Body"].read()
    assert json.loads(document)["objectKeys"] == [key]


def test_the_answer_leaves_before_the_function_is_cut_off(
    start: Start, origin: Origin, s3: s3_server.S3Server, bucket: str
) -> None:
    """One origin never says anything; the neighbour is stored, and the receipt as well."""
    function = start(**PATIENT)

    status, receipt, answer = post(function, origin.url("silent"), origin.url("length"))

    assert status == 207
    assert [image.get("error", {}).get("code") for image in receipt["images"]] == ["deadline_exceeded", None]
    assert SECONDS - 1.5 < answer.seconds < SECONDS
    assert s3.client().head_object(Bucket=bucket, Key=receipt["receiptKey"])["ContentLength"] > 0
    assert "Task timed out" not in function.log.read_text()


def test_an_answer_that_has_no_good_image_leaves_in_time_too(start: Start, origin: Origin) -> None:
    status, receipt, answer = post(start(**PATIENT), origin.url("silent_in_body"))

    assert (status, receipt["images"][0]["error"]["code"]) == (502, "deadline_exceeded")
    assert answer.seconds < SECONDS


def test_a_batch_is_reported_before_the_function_is_cut_off(
    start: Start, origin: Origin, s3: s3_server.S3Server, bucket: str
) -> None:
    items = [{"id": name, "urls": [origin.url(name)]} for name in ("silent", "length")]
    event = {"Items": items, "BatchInput": {"run": "run-4", "startedAt": "2026-11-22T12:00:00.123Z"}}

    answer = start("BulkFunction", **PATIENT).invoke(event)

    assert answer.seconds < SECONDS
    assert (answer.json()["status"], answer.json()["codes"]) == ({"failed": 1, "stored": 1}, {"deadline_exceeded": 1})
    (report,) = s3.client().list_objects_v2(Bucket=bucket, Prefix="runs/run-4/batches/")["Contents"]
    document = json.loads(s3.client().get_object(Bucket=bucket, Key=report["Key"])["Body"].read())
    assert document["failed"] == items[:1]


def test_a_manifest_asks_to_be_taken_again_before_the_function_is_cut_off(
    start: Start, origin: Origin, s3: s3_server.S3Server, bucket: str, inbox: str
) -> None:
    """With receipts of all its Files, from which the next run goes on."""
    lines = [json.dumps({"id": name, "urls": [origin.url(name)]}).encode() for name in ("silent", "length")]
    s3.client().put_object(Bucket=inbox, Key="inbox/lot 8.jsonl", Body=b"\n".join(lines))
    event = json.loads((EVENT.parent / "s3-manifest.json").read_text())
    event["Records"][0]["s3"]["bucket"]["name"] = inbox

    answer = start("S3Function", **PATIENT).invoke(event)

    assert answer.seconds < SECONDS
    assert answer.json()["errorType"] == "Unfinished"
    receipts = s3.client().list_objects_v2(Bucket=bucket, Prefix="receipts/")["Contents"]
    assert {item["Key"] for item in receipts} == {"receipts/silent.json", "receipts/length.json"}


def test_after_an_answer_in_the_last_moment_the_next_file_is_taken_in(start: Start, origin: Origin) -> None:
    """What was given up leaves nothing behind that would hold up, or end, the environment."""
    function = start(**PATIENT)
    post(function, origin.url("silent"))

    status, _, answer = post(function, origin.url("length"))

    assert status == 200
    assert answer.seconds < 2
    assert starts(function) == 1


def test_two_files_share_one_environment_and_its_connections(start: Start, origin: Origin) -> None:
    """One loop for all of them: a pooled client does not survive the end of its loop."""
    function = start()

    answers = [post(function, origin.url(path)) for path in ("length/1", "length/2", "length/3")]

    assert [status for status, _, _ in answers] == [200, 200, 200]
    assert (len(origin.requests), origin.connections) == (3, 1)
    assert starts(function) == 1


def test_a_function_whose_settings_are_wrong_does_not_start_and_says_all_that_is_wrong(start: Start) -> None:
    function = start(MAX_ATTEMPTS="often", READ_TIMEOUT="-1")

    with pytest.raises(HTTPError) as refused:
        function.invoke({})

    assert json.load(refused.value)["errorType"] == "ConfigError"
    log = function.log.read_text()
    assert "MAX_ATTEMPTS is 'often'" in log
    assert "READ_TIMEOUT is '-1'" in log


def starts(function: Environment) -> int:
    """How often the runtime was started."""
    return function.log.read_text().count("INIT START")


def test_what_outlasts_its_timeout_is_cut_off_here(tmp_path: Path) -> None:
    """Otherwise the tests above would prove nothing."""
    code, home = tmp_path / "code", tmp_path / "home"
    code.mkdir()
    home.mkdir()
    (code / "sleeper.py").write_text(
        "import time\n\ndef handler(event, context):\n    time.sleep(event)\n    return 7\n"
    )
    with lambda_environment(
        code, "sleeper.handler", home, timeout=1, variables={"AWS_REGION": "eu-central-1"}
    ) as function:
        assert function.invoke(0.1).body == "7"

        answer = function.invoke(30)

    assert "Task timed out after 1.00 seconds" in answer.body
    assert 1 <= answer.seconds < 3
