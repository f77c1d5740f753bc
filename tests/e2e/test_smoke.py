"""`make smoke`, as a user types it, against the stack on MiniStack: a stack that works, and stacks that do not."""

import json
import os
import re
import signal
import subprocess
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from infra.build.template_file import ROOT
from infra.local.deploy_template import ROOT_USER, STACK
from infra.local.ministack import REGION

from support.deployed_lab import Lab, changed_function, wait_for
from support.revoked_right import revoked_right
from support.running_command import start_command, wait_for_output

WITHOUT_RESOURCE_HERE = ["iam:SimulatePrincipalPolicy", "states:DescribeMapRun"]
"""Calls that MiniStack checks against every resource; AWS checks them against the role and the map run."""

NOTHING_LEFT = "The run left nothing behind."


@contextmanager
def changed_functions(deployed: Lab, changes: dict[str, str]) -> Iterator[None]:
    """Change variables of every function until the end of the block."""
    with ExitStack() as stack:
        for function in deployed.stack.functions:
            stack.enter_context(changed_function(deployed, function, changes))
        yield


def command(deployed: Lab, wait: float) -> list[str]:
    variables = [f"STACK={STACK}", f"ENDPOINT={deployed.stack.aws.endpoint}", f"WAIT={wait:g}"]
    return ["make", "-s", "smoke", *variables]


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": ROOT_USER.key,
        "AWS_SECRET_ACCESS_KEY": ROOT_USER.secret,
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)


@dataclass
class Outcome:
    """The exit status of the command, and what it printed."""

    status: int
    text: str

    def row(self, name: str) -> str:
        """Return the row of a check as one line, from its result on."""
        found = re.search(rf"^  {re.escape(name)} +((?:ok|failed|skipped) .*\n(?:    .*\n)*)", self.text, re.MULTILINE)
        assert found is not None, f"{name} is not in {self.text}"
        return " ".join(found[1].split())


def smoke(deployed: Lab, wait: float = 120, keys: Mapping[str, str] | None = None) -> Outcome:
    environment = os.environ | dict(keys or {})
    done = subprocess.run(command(deployed, wait), env=environment, capture_output=True, text=True, check=False)
    return Outcome(done.returncode, done.stdout + done.stderr)


def objects(deployed: Lab) -> dict[str, set[str]]:
    """Return all keys of the buckets, with their versions."""
    found = {}
    for bucket in (deployed.stack.bucket, deployed.stack.inbox):
        pages = deployed.s3.get_paginator("list_object_versions").paginate(Bucket=bucket)
        found[bucket] = {
            f"{one['Key']} {one['VersionId']}"
            for page in pages
            for one in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        }
    return found


@contextmanager
def leaves_nothing(deployed: Lab) -> Iterator[None]:
    """Check that the buckets have the same objects after the block, and the stack's queues no message of a run."""
    before = objects(deployed)
    yield
    assert objects(deployed) == before
    sqs = deployed.stack.aws.client("sqs")
    for url in (deployed.stack.failures, deployed.stack.file_queue, deployed.stack.failed_files):
        messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0).get("Messages", [])
        assert [message for message in messages if "smoke-" in message["Body"]] == [], url


def test_smoke_tries_every_entry_point_and_leaves_nothing(deployed: Lab) -> None:
    with leaves_nothing(deployed):
        outcome = smoke(deployed)

    assert outcome.status == 0, outcome.text
    assert " failed " not in outcome.text
    assert " skipped " not in outcome.text
    assert outcome.row("receipts are the same").endswith(" 6 receipts")
    assert outcome.text.endswith(f"{NOTHING_LEFT}\n")


def test_smoke_may_run_twice_at_once(deployed: Lab) -> None:
    with leaves_nothing(deployed), ThreadPoolExecutor(2) as threads:
        outcomes = list(threads.map(smoke, [deployed, deployed]))

    for outcome in outcomes:
        assert (outcome.status, NOTHING_LEFT in outcome.text) == (0, True), outcome.text


@contextmanager
def viewer(deployed: Lab) -> Iterator[dict[str, str]]:
    """Create a user with the permissions of docs/smoke-policy.json; yield the variables with its keys."""
    iam, name = deployed.stack.aws.client("iam"), "smoke-viewer"
    *_, region, account, _, machine = deployed.stack.machine.split(":")
    text = (ROOT / "docs" / "smoke-policy.json").read_text()
    for word, value in {
        "REGION": region,
        "ACCOUNT": account,
        "APIID": deployed.stack.api_id,
        "INBOXBUCKET": deployed.stack.inbox,
        "IMAGEBUCKET": deployed.stack.bucket,
        "STATEMACHINE": machine,
        "STACK": STACK,
    }.items():
        text = text.replace(word, value)
    policy = json.loads(text)
    for statement in policy["Statement"]:
        if statement["Action"] in WITHOUT_RESOURCE_HERE:
            statement["Resource"] = "*"
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="smoke", PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    try:
        yield {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
    finally:
        iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
        iam.delete_user_policy(UserName=name, PolicyName="smoke")
        iam.delete_user(UserName=name)


def test_smoke_needs_only_the_documented_permissions(deployed: Lab) -> None:
    with leaves_nothing(deployed), viewer(deployed) as keys:
        outcome = smoke(deployed, keys=keys)

    assert outcome.status == 0, outcome.text
    assert "may not call" not in outcome.text


@contextmanager
def machine_that_fails(deployed: Lab) -> Iterator[None]:
    states = deployed.stack.aws.client("stepfunctions")
    before = states.describe_state_machine(stateMachineArn=deployed.stack.machine)["definition"]
    broken = {"StartAt": "No", "States": {"No": {"Type": "Fail", "Error": "Broken", "Cause": "by a test"}}}
    states.update_state_machine(stateMachineArn=deployed.stack.machine, definition=json.dumps(broken))
    try:
        yield
    finally:
        states.update_state_machine(stateMachineArn=deployed.stack.machine, definition=before)


@contextmanager
def disabled_event_source(deployed: Lab) -> Iterator[None]:
    client = deployed.stack.aws.client("lambda")
    [source] = client.list_event_source_mappings(FunctionName=deployed.function("QueueFunction"))["EventSourceMappings"]
    client.update_event_source_mapping(UUID=source["UUID"], Enabled=False)
    try:
        yield
    finally:
        client.update_event_source_mapping(UUID=source["UUID"], Enabled=True)


@contextmanager
def deleted_function(deployed: Lab, logical_name: str) -> Iterator[None]:
    """Delete a function, and create it again with the same code."""
    client, name = deployed.stack.aws.client("lambda"), deployed.function(logical_name)
    config = client.get_function_configuration(FunctionName=name)
    code = deployed.stack.aws.log.parent / "function.zip"
    location = client.get_function(FunctionName=name)["Code"]["Location"]
    with urllib.request.urlopen(location) as response:  # noqa: S310 - the URL of the local AWS
        code.write_bytes(response.read())
    client.delete_function(FunctionName=name)
    try:
        yield
    finally:
        kept = ("FunctionName", "Runtime", "Role", "Handler", "Timeout", "MemorySize", "Environment", "LoggingConfig")
        client.create_function(**{key: config[key] for key in kept}, Code={"ZipFile": code.read_bytes()})


type Breaker = Callable[[Lab], AbstractContextManager[None]]

BROKEN: dict[str, tuple[Breaker, dict[str, tuple[str, ...]]]] = {
    "right": (
        lambda lab: revoked_right(lab, "HttpFunctionRole", "s3:PutObject ImageBucket/images/*"),
        {"POST /files": ("expected stored, got store_denied", "look at its role")},
    ),
    "function for lists": (
        partial(deleted_function, logical_name="BulkFunction"),
        {"bulk list": ("ended as FAILED", "BulkFunction", "does not exist"), "functions": ("BulkFunction",)},
    ),
    "function for invocations": (
        partial(deleted_function, logical_name="InvokeFunction"),
        {"invoke": ("ResourceNotFoundException",), "functions": ("InvokeFunction", "does not exist")},
    ),
    "event source": (
        disabled_event_source,
        {"queue": ("none within 30 seconds", "is Disabled", "update-event-source-mapping")},
    ),
    "definition": (
        machine_that_fails,
        {"bulk list": ("ended as FAILED. Broken: by a test",)},
    ),
    "hosts": (
        lambda lab: changed_functions(lab, {"ALLOWED_HOSTS": "images.example"}),
        {
            "POST /files": ("expected stored, got blocked", "AllowedHosts is images.example", "127.0.0.1:"),
            "manifest": ("got blocked",),
            "bulk list": ("got blocked",),
            "queue": ("got blocked",),
            "invoke": ("got blocked",),
        },
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_smoke_names_the_entry_point_and_the_fault_of_a_broken_stack(deployed: Lab, name: str) -> None:
    break_stack, rows = BROKEN[name]

    with leaves_nothing(deployed), break_stack(deployed):
        outcome = smoke(deployed, wait=30 if name == "event source" else 120)  # the only one that waits to the end

    assert outcome.status != 0
    assert "Traceback" not in outcome.text
    for check, texts in rows.items():
        row = outcome.row(check)
        assert row.startswith("failed"), row
        assert [text for text in texts if text not in row] == [], row
    assert outcome.text.count(" failed ") >= len(rows)


def test_smoke_leaves_nothing_after_ctrl_c(deployed: Lab, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with leaves_nothing(deployed), start_command(command(deployed, 60), log) as process:
        assert wait_for_output(log, "Trying every entry point")
        wait_for(lambda: any("bulk/smoke-" in key for key in objects(deployed)[deployed.stack.inbox]))
        os.killpg(process.pid, signal.SIGINT)
        process.wait(120)
    assert NOTHING_LEFT in log.read_text()


def test_smoke_removes_the_versions_of_buckets_that_keep_them(deployed: Lab) -> None:
    def set_versioning(status: str) -> None:
        for bucket in (deployed.stack.bucket, deployed.stack.inbox):
            deployed.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": status})

    set_versioning("Enabled")
    try:
        with leaves_nothing(deployed):
            outcome = smoke(deployed)
    finally:
        set_versioning("Suspended")

    assert (outcome.status, NOTHING_LEFT in outcome.text) == (0, True), outcome.text


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        (["STACK=another"], "The stack another cannot be read"),
        (["ENDPOINT=127.0.0.1"], "ENDPOINT=127.0.0.1 is not a URL"),
        (["ENDPOINT=http://127.0.0.1:1"], "nothing listens at http://127.0.0.1:1"),
        (["WAIT=soon"], "WAIT=soon: expected whole seconds"),
    ],
)
def test_smoke_says_why_the_stack_cannot_be_read(deployed: Lab, variables: list[str], expected: str) -> None:
    done = subprocess.run([*command(deployed, 1), *variables], capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert expected in done.stderr
    assert "Traceback" not in done.stderr
