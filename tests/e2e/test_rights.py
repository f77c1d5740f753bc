"""Every right is needed: with all of them it works, and without any one of them the right error comes out.

MiniStack checks each call against the policies that a role has at that moment (infra/local/ministack_patches).
"""

import json
from collections.abc import Callable, Iterator
from functools import partial
from uuid import uuid4

import pytest
from infra.local.deploy import to_json_bytes

from e2e.conftest import Ground, eventually, jsonl
from support.role_rights import without
from support.template_rights import INBOX, ROLES
from support.template_rights import RUNS as EXECUTIONS

IMAGES, LIST = "s3:PutObject ImageBucket/images/*", "s3:ListBucket ImageBucket"
WRITE, READ = "s3:PutObject ImageBucket/receipts/*", "s3:GetObject ImageBucket/receipts/*"
WRITE_PROBLEM, READ_PROBLEM = "s3:PutObject ImageBucket/problems/*", "s3:GetObject ImageBucket/problems/*"
READ_RUNS, WRITE_RUNS = "s3:GetObject ImageBucket/runs/*", "s3:PutObject ImageBucket/runs/*"
LIST_RUNS = "s3:ListBucket ImageBucket if {'StringLike': {'s3:prefix': 'runs/*'}}"
READ_LIST, START = "s3:GetObject InboxBucket/bulk/*", "states:StartExecution StateMachine"
INVOKE, SUMMED = "lambda:InvokeFunction", "SUCCEEDED with a summary"
LONG_AGO = "2020-01-01T00:00:00.000Z"

PROBLEM = {"title": "Unprocessable Content", "status": 422, "detail": "The manifest is empty."}

type Call = Callable[[Ground], str]


def document(ground: Ground, name: str) -> dict[str, object]:
    return {"id": name, "urls": [ground.origin.url(f"length/{name}")]}


def post(ground: Ground, **headers: str) -> str:
    """Send a File: the status, and what of it failed."""
    answer = ground.stack.call("POST", "/files", to_json_bytes(document(ground, "r-file")), headers=headers)
    receipt = answer.json()
    codes = [image["error"]["code"] for image in receipt.get("images", []) if "error" in image]
    return " ".join([str(answer.status), *codes, *(["unkept"] if receipt.get("receiptKey", "") is None else [])])


def post_async(ground: Ground) -> str:
    return post(ground, Prefer="respond-async")


def get(ground: Ground) -> str:
    ground.s3.put_object(Bucket=ground.stack.bucket, Key="receipts/r-kept.json", Body=b'{"id": "r-kept"}')
    return str(ground.stack.call("GET", "/files/r-kept").status)


def get_nothing(ground: Ground) -> str:
    return str(ground.stack.call("GET", "/files/r-never").status)


def get_problem(ground: Ground) -> str:
    ground.s3.put_object(Bucket=ground.stack.bucket, Key="problems/r-problem.json", Body=to_json_bytes(PROBLEM))
    return str(ground.stack.call("GET", "/files/r-problem").status)


def invoke(ground: Ground, door: str, event: object) -> str:
    """Call a function as Lambda calls it: what it answers, or the name of what it raised."""
    [function] = [name for name in ground.stack.functions if door in name]
    answer = ground.stack.aws.client("lambda").invoke(FunctionName=function, Payload=to_json_bytes(event))
    said = json.loads(answer["Payload"].read() or b"null")
    if "FunctionError" in answer:
        return f"raised: {said['errorMessage']}"
    return str((said or {}).get("status", "done"))


def manifest(ground: Ground) -> str:
    ground.drop("inbox/r-manifest.json", to_json_bytes(document(ground, "r-manifest")))
    ground.s3.delete_object(Bucket=ground.stack.bucket, Key="receipts/r-manifest.json")
    said = take(ground, "r-manifest")
    receipts = map(ground.json, ground.objects("receipts/r-manifest.json"))
    return " ".join(
        [said, *(image["error"]["code"] for found in receipts for image in found["images"] if "error" in image)]
    )


def manifest_again(ground: Ground) -> str:
    """The receipt of a run before stands there, and must be read to be written over."""
    ground.drop("inbox/r-again.json", to_json_bytes(document(ground, "r-again")))
    return take(ground, "r-again")


def take(ground: Ground, name: str) -> str:
    at = {"bucket": {"name": ground.stack.inbox}, "object": {"key": f"inbox/{name}.json"}}
    return invoke(ground, "S3Function", {"Records": [{"eventTime": LONG_AGO, "s3": at}]})


def empty_manifest(ground: Ground) -> str:
    ground.drop("inbox/r-empty.json", b"")
    return take(ground, "r-empty")


def no_manifest(ground: Ground) -> str:
    return take(ground, "r-never")


def batch(ground: Ground) -> str:
    ground.s3.delete_object(Bucket=ground.stack.bucket, Key="receipts/r-batch.json")
    return batch_again(ground)


def batch_again(ground: Ground) -> str:
    run = {"run": "r-run", "startedAt": LONG_AGO}
    return invoke(ground, "BulkFunction", {"Items": [document(ground, "r-batch")], "BatchInput": run, "batch": "r"})


def summary(ground: Ground) -> str:
    batch(ground)
    return invoke(ground, "SummaryFunction", {"run": "r-run", "startedAt": LONG_AGO, "list": "s3://r/r"})


def run(ground: Ground) -> str:
    """Drop a list: how its run ends, and whether there is a summary."""
    key = f"bulk/r-{uuid4()}.jsonl"
    ground.drop(key, jsonl(document(ground, "r-list")))
    states = ground.stack.aws.client("stepfunctions")

    def begun() -> dict[str, str] | None:
        executions = states.list_executions(stateMachineArn=ground.stack.machine)["executions"]
        described = (states.describe_execution(executionArn=execution["executionArn"]) for execution in executions)
        return next((found for found in described if key in found["input"]), None)

    def ended() -> dict[str, str] | None:
        found = begun()
        return found if found and found["status"] != "RUNNING" else None

    try:
        eventually(begun, seconds=4)
    except AssertionError:
        return "no run"
    try:
        found = eventually(ended, seconds=12)
    except AssertionError:  # a summary is tried again for minutes
        return "still trying"
    summed = ground.objects(f"runs/{found['name']}/summary.json")
    return " ".join(filter(None, [found["status"], found.get("error"), "with a summary" if summed else ""]))


def logged(ground: Ground, door: str) -> str:
    """Whether a call of a function, with whatever event, leaves lines in its log group."""
    [function] = [name for name in ground.stack.functions if door in name]
    config = ground.stack.aws.client("lambda").get_function_configuration(FunctionName=function)
    logs, group = ground.stack.aws.client("logs"), config["LoggingConfig"]["LogGroup"]
    pages = logs.get_paginator("describe_log_streams")  # a page has fifty, and other tests have called before
    before = len(list(pages.paginate(logGroupName=group).search("logStreams[]")))
    invoke(ground, door, {})
    after = len(list(pages.paginate(logGroupName=group).search("logStreams[]")))
    return "logged" if after > before else "not logged"


def broken_event(ground: Ground) -> str:
    """Where an event ends that the S3 door raises at each of three times."""
    [function] = [name for name in ground.stack.functions if "S3Function" in name]
    client, queue = ground.stack.aws.client("lambda"), ground.stack.aws.client("sqs")
    name = str(uuid4())
    client.invoke(FunctionName=function, InvocationType="Event", Payload=to_json_bytes({"Records": [name]}))

    def told() -> bool:
        messages = queue.receive_message(QueueUrl=ground.stack.failures, MaxNumberOfMessages=10).get("Messages", [])
        for message in messages:
            queue.delete_message(QueueUrl=ground.stack.failures, ReceiptHandle=message["ReceiptHandle"])
        return any(name in message["Body"] for message in messages)

    try:
        return "in the queue" if eventually(told, seconds=12) else ""
    except AssertionError:
        return "lost"


PENDING, DENIED = "raised: 1 Files are pending", "raised: An error occurred (AccessDenied) when calling the "
NEEDED: list[tuple[str, str, str, str, Call]] = [
    ("HttpFunctionRole", IMAGES, "200", "502 store_denied", post),
    ("HttpFunctionRole", WRITE, "200", "200 unkept", post),
    ("HttpFunctionRole", READ, "200", "502", get),
    ("HttpFunctionRole", READ_PROBLEM, "422", "502", get_problem),
    ("HttpFunctionRole", LIST, "404", "502", get_nothing),
    ("HttpFunctionRole", "s3:PutObject InboxBucket/inbox/*", "202", "502", post_async),
    ("HttpFunctionRole", "s3:GetObject InboxBucket/inbox/*", "404", "502", get_nothing),
    ("HttpFunctionRole", "s3:ListBucket InboxBucket", "404", "502", get_nothing),
    ("S3FunctionRole", IMAGES, "done", "done store_denied", manifest),
    ("S3FunctionRole", WRITE, "done", PENDING, manifest),
    ("S3FunctionRole", READ, "done", PENDING, manifest_again),
    ("S3FunctionRole", WRITE_PROBLEM, "done", PENDING, empty_manifest),
    ("S3FunctionRole", f"s3:GetObject {INBOX}/inbox/*", "done", PENDING, manifest),
    ("S3FunctionRole", f"s3:ListBucket {INBOX}", "done", PENDING, no_manifest),
    ("BulkFunctionRole", IMAGES, "{'stored': 1}", "{'failed': 1}", batch),
    ("BulkFunctionRole", WRITE, "{'stored': 1}", "raised: The receipts of 1 Files are not stored.", batch),
    ("BulkFunctionRole", READ, "{'stored': 1}", "raised: The receipts of 1 Files are not stored.", batch_again),
    ("BulkFunctionRole", WRITE_RUNS, "{'stored': 1}", "raised: S3 denied access to this service", batch),
    ("SummaryFunctionRole", READ_RUNS, "done", f"{DENIED}GetObject", summary),
    ("SummaryFunctionRole", WRITE_RUNS, "done", f"{DENIED}PutObject", summary),
    ("SummaryFunctionRole", LIST_RUNS, "done", f"{DENIED}ListObjectsV2", summary),
    ("StateMachineRole", READ_LIST, SUMMED, "FAILED States.Permissions with a summary", run),
    ("StateMachineRole", START, SUMMED, "FAILED States.Permissions with a summary", run),
    ("StateMachineRole", WRITE_RUNS, SUMMED, "FAILED States.Permissions with a summary", run),
    ("StateMachineRole", f"{INVOKE} BulkFunction", SUMMED, "FAILED States.ExceedToleratedFailureThreshold", run),
    ("StateMachineRole", f"{INVOKE} SummaryFunction", SUMMED, "still trying", run),
    ("ListArrivedRole", START, SUMMED, "no run", run),
    *((f"{door}Role", f"logs:{action} {door}Logs", "logged", "not logged", partial(logged, door=door))
      for door in ("HttpFunction", "S3Function", "BulkFunction", "SummaryFunction")
      for action in ("CreateLogStream", "PutLogEvents")),
    ("S3FunctionRole", "sqs:SendMessage FailureQueue", "in the queue", "lost", broken_event),
]  # fmt: skip
BESIDE = {
    # What Step Functions does at AWS and nothing does here: it writes large results in parts, reads what it joins,
    # and looks after the executions of batches ("IAM policies for using Distributed Map states" in its guide).
    ("StateMachineRole", "s3:ListMultipartUploadParts ImageBucket/runs/*"),
    ("StateMachineRole", "s3:AbortMultipartUpload ImageBucket/runs/*"),
    ("StateMachineRole", READ_RUNS),
    ("StateMachineRole", f"states:DescribeExecution {EXECUTIONS}"),
    ("StateMachineRole", f"states:StopExecution {EXECUTIONS}"),
}


@pytest.fixture(scope="module")
def ground(deployed: Ground) -> Iterator[Ground]:
    """The stack, whose inbox starts the S3 door for no manifest: each is taken in when a test says so."""
    told = deployed.s3.get_bucket_notification_configuration(Bucket=deployed.stack.inbox)
    told.pop("ResponseMetadata")
    silent = {name: value for name, value in told.items() if name == "EventBridgeConfiguration"}
    deployed.s3.put_bucket_notification_configuration(Bucket=deployed.stack.inbox, NotificationConfiguration=silent)
    yield deployed
    deployed.s3.put_bucket_notification_configuration(Bucket=deployed.stack.inbox, NotificationConfiguration=told)


@pytest.mark.parametrize(
    ("role", "right", "works", "fails", "call"),
    [pytest.param(*row, id=f"{row[0]} without {row[1]}") for row in NEEDED],
)
def test_without_it_the_right_error_comes_out(
    ground: Ground, *, role: str, right: str, works: str, fails: str, call: Call
) -> None:
    assert call(ground) == works
    with without(ground, role, right):
        assert call(ground).startswith(fails)


def test_every_right_of_every_role_has_been_taken_away_once() -> None:
    """But those that only AWS itself makes use of."""
    every = {(role, right) for role, rights in ROLES.items() for right in rights}
    assert every == {(role, right) for role, right, *_ in NEEDED} | BESIDE
