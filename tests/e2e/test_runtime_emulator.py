"""The built artifact in AWS's Lambda runtime: it responds before the function times out."""

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest
from infra.build import artifact
from infra.build.template_file import ROOT, list_functions, load

from support import s3_server
from support.deployed_lab import SAM, require_sam
from support.lambda_events import sqs_event
from support.origin import IMAGE, Origin, origin_in_thread
from support.runtime_emulator import Environment, Invocation, lambda_environment

EVENT = ROOT / "tests" / "events" / "http-post-file.json"
SECONDS = 4
"""The function's timeout here."""

LONG_TIMEOUTS = {"READ_TIMEOUT": "60", "IMAGE_TIMEOUT": "60"}
"""Only the function's own timeout ends the wait for an origin."""

type Start = Callable[..., Environment]


@pytest.fixture(scope="module")
def built() -> Iterator[dict[str, tuple[Path, str]]]:
    """Code directory and handler of each function; the lock prevents another build meanwhile."""
    require_sam()
    into = artifact.local_build_directory()
    with artifact.build_lock():
        artifact.build(artifact.local_architecture(), into, SAM)
        properties = list_functions(load(into / "template.yaml"))
        yield {name: (into / function["CodeUri"], function["Handler"]) for name, function in properties.items()}


@pytest.fixture
def origin() -> Iterator[Origin]:
    with origin_in_thread() as running:
        yield running


@pytest.fixture
def inbox(s3: s3_server.S3Server) -> str:
    return s3.new_bucket()


@pytest.fixture
def settings(s3: s3_server.S3Server, bucket: str, inbox: str, origin: Origin) -> dict[str, str]:
    """The variables of a function that may connect to the origin."""
    allowed = {"ALLOWED_NETWORKS": "127.0.0.1/32", "ALLOWED_PORTS": f"{origin.port}"}
    return s3.environment | allowed | {"IMAGE_BUCKET": bucket, "INBOX_BUCKET": inbox}


@pytest.fixture
def start(built: dict[str, tuple[Path, str]], settings: dict[str, str], tmp_path: Path) -> Iterator[Start]:
    """Starts the environment of a function."""
    with ExitStack() as stack:

        def start_function(name: str = "HttpFunction", **changed: str) -> Environment:
            environment = lambda_environment(*built[name], tmp_path, timeout=SECONDS, variables=settings | changed)
            return stack.enter_context(environment)

        yield start_function


def post(function: Environment, *urls: str) -> tuple[int, dict[str, Any], Invocation]:
    """Send a URL list as API Gateway does; return the status, the receipt and the invocation."""
    event = json.loads(EVENT.read_text()) | {"body": json.dumps({"id": "emulated", "urls": urls})}
    invocation = function.invoke(event)
    assert "Task timed out" not in invocation.body
    response = invocation.json()
    return response["statusCode"], json.loads(response["body"]), invocation


def test_function_stores_a_file_and_responds(start: Start, origin: Origin, s3: s3_server.S3Server, bucket: str) -> None:
    status, receipt, _ = post(start(), origin.url("length"))

    assert (status, receipt["status"]) == (200, "stored")
    (key,) = receipt["objectKeys"]
    stored = s3.client().get_object(Bucket=bucket, Key=key)["Body"].read()
    assert hashlib.sha256(stored).hexdigest() == hashlib.sha256(IMAGE).hexdigest() == receipt["images"][0]["sha256"]
    assert hashlib.sha256(IMAGE).hexdigest() in key
    document = s3.client().get_object(Bucket=bucket, Key=receipt["receiptKey"])["Body"].read()
    assert json.loads(document)["objectKeys"] == [key]


def test_function_responds_before_its_timeout(
    start: Start, origin: Origin, s3: s3_server.S3Server, bucket: str
) -> None:
    """One origin is silent; the image of the other and the receipt are stored."""
    function = start(**LONG_TIMEOUTS)

    status, receipt, invocation = post(function, origin.url("silent"), origin.url("length"))

    assert status == 207
    assert [image.get("error", {}).get("code") for image in receipt["images"]] == ["deadline_exceeded", None]
    assert SECONDS - 1.5 < invocation.seconds < SECONDS
    assert s3.client().head_object(Bucket=bucket, Key=receipt["receiptKey"])["ContentLength"] > 0
    assert "Task timed out" not in function.log.read_text()


def test_bulk_function_stores_its_report_before_its_timeout(
    start: Start, origin: Origin, s3: s3_server.S3Server, bucket: str
) -> None:
    items = [{"id": name, "urls": [origin.url(name)]} for name in ("silent", "length")]
    event = {"Items": items, "BatchInput": {"run": "run-4", "startedAt": "2026-11-22T12:00:00.123Z"}}

    invocation = start("BulkFunction", **LONG_TIMEOUTS).invoke(event)

    assert invocation.seconds < SECONDS
    assert (invocation.json()["status"], invocation.json()["codes"]) == (
        {"failed": 1, "stored": 1},
        {"deadline_exceeded": 1},
    )
    (report,) = s3.client().list_objects_v2(Bucket=bucket, Prefix="runs/run-4/batches/")["Contents"]
    document = json.loads(s3.client().get_object(Bucket=bucket, Key=report["Key"])["Body"].read())
    [failed] = document["failed"]
    failure = failed.pop("intakeFailure")
    assert failed == items[0]
    assert [error["code"] for error in failure["errors"]] == ["deadline_exceeded"]


def test_s3_function_raises_unfinished_before_its_timeout(
    start: Start, origin: Origin, s3: s3_server.S3Server, bucket: str, inbox: str
) -> None:
    """The receipts of all Files are stored, so that the next run can reuse them."""
    lines = [json.dumps({"id": name, "urls": [origin.url(name)]}).encode() for name in ("silent", "length")]
    s3.client().put_object(Bucket=inbox, Key="inbox/lot 8.jsonl", Body=b"\n".join(lines))
    event = json.loads((EVENT.parent / "s3-manifest.json").read_text())
    event["Records"][0]["s3"]["bucket"]["name"] = inbox

    invocation = start("S3Function", **LONG_TIMEOUTS).invoke(event)

    assert invocation.seconds < SECONDS
    assert invocation.json()["errorType"] == "Unfinished"
    receipts = s3.client().list_objects_v2(Bucket=bucket, Prefix="receipts/")["Contents"]
    assert {item["Key"] for item in receipts} == {"receipts/silent.json", "receipts/length.json"}


def test_runtime_names_the_error_of_what_is_no_file(start: Start) -> None:
    """A state machine catches the error under this name."""
    function = start("InvokeFunction")

    error = function.invoke({"id": 7, "urls": [{"url": ["https://a.example/?X-Amz-Signature=secret"]}]}).json()

    assert error["errorType"] == "InvalidFile"
    assert set(error["errorMessage"].split("; ")) == {
        "urls[0].url: must be a string, got a list",
        "id: must be a string, got a number",
    }
    assert "secret" not in json.dumps(error) + function.log.read_text()


def test_queue_function_reports_what_must_come_again_before_its_timeout(start: Start, origin: Origin) -> None:
    names = ("silent", "length", "status_404")
    bodies = [json.dumps({"id": name, "urls": [origin.url(name)]}) for name in names]

    invocation = start("QueueFunction", **LONG_TIMEOUTS).invoke(sqs_event(*bodies, "no File"))

    assert invocation.seconds < SECONDS
    failed = [failure["itemIdentifier"] for failure in invocation.json()["batchItemFailures"]]
    assert sorted(failed) == ["message-0", "message-3"]


def test_function_ingests_the_next_file_after_a_deadline(start: Start, origin: Origin) -> None:
    """The abandoned download neither delays the next File nor ends the environment."""
    function = start(**LONG_TIMEOUTS)
    post(function, origin.url("silent"))

    status, _, invocation = post(function, origin.url("length"))

    assert status == 200
    assert invocation.seconds < 2
    assert start_count(function) == 1


def test_files_share_one_environment_and_its_connections(start: Start, origin: Origin) -> None:
    """The environment has one event loop: pooled connections do not survive the end of their loop."""
    function = start()

    results = [post(function, origin.url(path)) for path in ("length/1", "length/2", "length/3")]

    assert [status for status, _, _ in results] == [200, 200, 200]
    assert (len(origin.requests), origin.connections) == (3, 1)
    assert start_count(function) == 1


def test_function_does_not_start_and_logs_every_fault_when_settings_are_invalid(start: Start) -> None:
    function = start(MAX_ATTEMPTS="often", READ_TIMEOUT="-1")

    with pytest.raises(HTTPError) as refused:
        function.invoke({})

    assert json.load(refused.value)["errorType"] == "ConfigError"
    log = function.log.read_text()
    assert re.search("MAX_ATTEMPTS: expected .*, got 'often'", log)
    assert re.search("READ_TIMEOUT: expected .*, got '-1'", log)


def test_runtime_writes_each_log_line_as_a_whole_however_long(start: Start, origin: Origin) -> None:
    function = start()
    urls = [origin.url("length/" + "x" * 4000)] * 30

    status, _, _ = post(function, *urls, origin.url("status_404"))

    assert status == 207
    logged = [json.loads(line) for line in function.log.read_text().splitlines() if line.startswith("{")]
    stored = [line for line in logged if line.get("message") == "images stored"]
    assert [len(line["entries"]) for line in stored] == [12, 12, 6]
    assert [entry["url"] for line in stored for entry in line["entries"]] == urls
    [failed, done] = [line for line in logged if line.get("message") in {"image failed", "file done"}]
    assert (failed["host"], failed["code"], done["stored"]) == (f"127.0.0.1:{origin.port}", "not_found", 30)
    assert {frozenset(line) & {"request_id", "level", "xray_trace_id"} for line in [*stored, failed, done]} == {
        frozenset({"request_id", "level"})
    }
    [metrics] = [line for line in logged if "_aws" in line and "code" not in line and "fault" not in line]
    assert (metrics["ImagesStored"], metrics["ImagesKnown"], metrics["ImagesFailed"]) == ([30], [0], [1])


def start_count(function: Environment) -> int:
    """Count the starts of the runtime."""
    return function.log.read_text().count("INIT START")


def test_emulator_ends_an_invocation_after_the_timeout(tmp_path: Path) -> None:
    """The tests above rely on it."""
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

        invocation = function.invoke(30)

    assert "Task timed out after 1.00 seconds" in invocation.body
    assert 1 <= invocation.seconds < 3
