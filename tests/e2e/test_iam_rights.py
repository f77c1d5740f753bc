"""Every permission of every role is needed: without any one of them, a call fails with the right error.

MiniStack checks each call against the current policies of the role (a patch in infra/local).
"""

import json
from collections.abc import Callable, Iterator
from functools import partial
from uuid import uuid4

import pytest
from infra.local.deploy_template import to_json_bytes

from support.deployed_lab import SOURCE_BUCKETS, Lab, json_lines, wait_for
from support.expected_rights import INBOX, ROLES, STORE
from support.expected_rights import RUNS as EXECUTIONS_OF_RUNS
from support.invoke_and_queue_rights import NEEDED_FOR_INVOKE_AND_QUEUE, codes_of, new_document
from support.known_images_lab import LONG_AGO, NEEDED_FOR_KNOWN_IMAGES
from support.revoked_right import revoked_right
from support.source_buckets_lab import NEEDED_FOR_SOURCE_BUCKETS

IMAGES, LIST = "s3:PutObject ImageBucket/images/*", "s3:ListBucket ImageBucket"
WRITE, READ = "s3:PutObject ImageBucket/receipts/*", "s3:GetObject ImageBucket/receipts/*"
WRITE_PROBLEM, READ_PROBLEM = "s3:PutObject ImageBucket/problems/*", "s3:GetObject ImageBucket/problems/*"
READ_RUNS, WRITE_RUNS = "s3:GetObject ImageBucket/runs/*", "s3:PutObject ImageBucket/runs/*"
LIST_RUNS = "s3:ListBucket ImageBucket if {'StringLike': {'s3:prefix': 'runs/*'}}"
READ_LIST, START = "s3:GetObject InboxBucket/bulk/*", "states:StartExecution StateMachine"
INVOKE, SUCCEEDED = "lambda:InvokeFunction", "SUCCEEDED with a summary"

PROBLEM = {"title": "Unprocessable Content", "status": 422, "detail": "The manifest is empty."}

type Call = Callable[[Lab], str]


def post_file(lab: Lab, **headers: str) -> str:
    """Post a File; return the status, the codes of failed images, and whether the receipt was stored."""
    response = lab.stack.call("POST", "/files", to_json_bytes(new_document(lab, "r-file")), headers=headers)
    receipt = response.json()
    codes = codes_of(receipt) if "images" in receipt else []
    has_no_key = receipt.get("receiptKey", "") is None
    return " ".join([str(response.status), *codes, *(["without receipt"] if has_no_key else [])])


def post_file_asynchronously(lab: Lab) -> str:
    return post_file(lab, Prefer="respond-async")


def get_receipt(lab: Lab) -> str:
    lab.s3.put_object(Bucket=lab.stack.bucket, Key="receipts/r-kept.json", Body=b'{"id": "r-kept"}')
    return str(lab.stack.call("GET", "/files/r-kept").status)


def get_unknown_id(lab: Lab) -> str:
    return str(lab.stack.call("GET", "/files/r-never").status)


def get_problem(lab: Lab) -> str:
    lab.s3.put_object(Bucket=lab.stack.bucket, Key="problems/r-problem.json", Body=to_json_bytes(PROBLEM))
    return str(lab.stack.call("GET", "/files/r-problem").status)


def invoke(lab: Lab, function: str, event: object) -> str:
    """Invoke a function; return the status that it returns, or the message of its exception."""
    result = lab.invoke(function, to_json_bytes(event))
    payload = json.loads(result["Payload"].read() or b"null")
    if "FunctionError" in result:
        return f"raised: {payload['errorMessage']}"
    return str((payload or {}).get("status", "done"))


def send_manifest(lab: Lab) -> str:
    lab.put_in_inbox("inbox/r-manifest.json", to_json_bytes(new_document(lab, "r-manifest")))
    lab.s3.delete_object(Bucket=lab.stack.bucket, Key="receipts/r-manifest.json")
    result = send_event(lab, "r-manifest")
    receipts = map(lab.json, lab.objects("receipts/r-manifest.json"))
    return " ".join([result, *(code for found in receipts for code in codes_of(found))])


def send_replaced_manifest(lab: Lab) -> str:
    """Send a manifest whose receipt of an earlier run must be read before it is replaced."""
    lab.put_in_inbox("inbox/r-again.json", to_json_bytes(new_document(lab, "r-again")))
    return send_event(lab, "r-again")


def send_event(lab: Lab, name: str) -> str:
    at = {"bucket": {"name": lab.stack.inbox}, "object": {"key": f"inbox/{name}.json"}}
    return invoke(lab, "S3Function", {"Records": [{"eventTime": LONG_AGO, "s3": at}]})


def send_empty_manifest(lab: Lab) -> str:
    lab.put_in_inbox("inbox/r-empty.json", b"")
    return send_event(lab, "r-empty")


def send_event_without_manifest(lab: Lab) -> str:
    return send_event(lab, "r-never")


def ingest_batch(lab: Lab) -> str:
    lab.s3.delete_object(Bucket=lab.stack.bucket, Key="receipts/r-batch.json")
    return ingest_batch_again(lab)


def ingest_batch_again(lab: Lab) -> str:
    run = {"run": "r-run", "startedAt": LONG_AGO}
    return invoke(lab, "BulkFunction", {"Items": [new_document(lab, "r-batch")], "BatchInput": run, "batch": "r"})


def summarize_run(lab: Lab) -> str:
    ingest_batch(lab)
    return invoke(lab, "SummaryFunction", {"run": "r-run", "startedAt": LONG_AGO, "list": "s3://r/r"})


def run_list(lab: Lab) -> str:
    """Put a list into the inbox; return how its run ended, and whether there is a summary."""
    key = f"bulk/r-{uuid4()}.jsonl"
    lab.put_in_inbox(key, json_lines(new_document(lab, "r-list")))
    states = lab.stack.aws.client("stepfunctions")

    def find_execution() -> dict[str, str] | None:
        executions = states.list_executions(stateMachineArn=lab.stack.machine)["executions"]
        described = (states.describe_execution(executionArn=execution["executionArn"]) for execution in executions)
        return next((found for found in described if key in found["input"]), None)

    def find_ended_execution() -> dict[str, str] | None:
        found = find_execution()
        return found if found and found["status"] != "RUNNING" else None

    try:
        wait_for(find_execution, seconds=4)
    except AssertionError:
        return "no run"
    try:
        found = wait_for(find_ended_execution, seconds=12)
    except AssertionError:  # the summary is retried for minutes
        return "still retrying"
    has_summary = lab.objects(f"runs/{found['name']}/summary.json")
    return " ".join(filter(None, [found["status"], found.get("error"), "with a summary" if has_summary else ""]))


def invoke_and_read_log(lab: Lab, function: str) -> str:
    """Invoke a function, and return whether it created a log stream."""
    config = lab.stack.aws.client("lambda").get_function_configuration(FunctionName=lab.function(function))
    logs, group = lab.stack.aws.client("logs"), config["LoggingConfig"]["LogGroup"]
    pages = logs.get_paginator("describe_log_streams")  # other tests have created more than one page of streams
    before = len(list(pages.paginate(logGroupName=group).search("logStreams[]")))
    invoke(lab, function, {})
    after = len(list(pages.paginate(logGroupName=group).search("logStreams[]")))
    return "logged" if after > before else "not logged"


def send_broken_event(lab: Lab, function: str) -> str:
    """Send an event for which a function raises in each of three attempts; return where it ends."""
    client, queue = lab.stack.aws.client("lambda"), lab.stack.aws.client("sqs")
    name = str(uuid4())
    client.invoke(
        FunctionName=lab.function(function), InvocationType="Event", Payload=to_json_bytes({"Records": [name]})
    )

    def is_in_queue() -> bool:
        messages = queue.receive_message(QueueUrl=lab.stack.failures, MaxNumberOfMessages=10).get("Messages", [])
        for message in messages:
            queue.delete_message(QueueUrl=lab.stack.failures, ReceiptHandle=message["ReceiptHandle"])
        return any(name in message["Body"] for message in messages)

    try:
        return "in the queue" if wait_for(is_in_queue, seconds=12) else ""
    except AssertionError:
        return "lost"


PENDING, DENIED = "raised: 1 Files are pending", "raised: An error occurred (AccessDenied) when calling the "
NEEDED: list[tuple[str, str, str, str, Call]] = [
    ("HttpFunctionRole", IMAGES, "200", "502 store_denied", post_file),
    ("HttpFunctionRole", WRITE, "200", "200 without receipt", post_file),
    ("HttpFunctionRole", READ, "200", "502", get_receipt),
    ("HttpFunctionRole", READ_PROBLEM, "422", "502", get_problem),
    ("HttpFunctionRole", LIST, "404", "502", get_unknown_id),
    ("HttpFunctionRole", "s3:PutObject InboxBucket/inbox/*", "202", "502", post_file_asynchronously),
    ("HttpFunctionRole", "s3:GetObject InboxBucket/inbox/*", "404", "502", get_unknown_id),
    ("HttpFunctionRole", "s3:ListBucket InboxBucket", "404", "502", get_unknown_id),
    ("S3FunctionRole", IMAGES, "done", "done store_denied", send_manifest),
    ("S3FunctionRole", WRITE, "done", PENDING, send_manifest),
    ("S3FunctionRole", READ, "done", PENDING, send_replaced_manifest),
    ("S3FunctionRole", WRITE_PROBLEM, "done", PENDING, send_empty_manifest),
    ("S3FunctionRole", f"s3:GetObject {INBOX}/inbox/*", "done", PENDING, send_manifest),
    ("S3FunctionRole", f"s3:ListBucket {INBOX}", "done", PENDING, send_event_without_manifest),
    ("BulkFunctionRole", IMAGES, "{'stored': 1}", "{'failed': 1}", ingest_batch),
    ("BulkFunctionRole", WRITE, "{'stored': 1}", "raised: The receipts of 1 Files are not stored.", ingest_batch),
    ("BulkFunctionRole", READ, "{'stored': 1}", "raised: The receipts of 1 Files are not stored.", ingest_batch_again),
    ("BulkFunctionRole", WRITE_RUNS, "{'stored': 1}", "raised: S3 denied access to this service", ingest_batch),
    ("SummaryFunctionRole", READ_RUNS, "done", f"{DENIED}GetObject", summarize_run),
    ("SummaryFunctionRole", WRITE_RUNS, "done", f"{DENIED}PutObject", summarize_run),
    ("SummaryFunctionRole", LIST_RUNS, "done", f"{DENIED}ListObjectsV2", summarize_run),
    ("StateMachineRole", READ_LIST, SUCCEEDED, "FAILED States.Permissions with a summary", run_list),
    ("StateMachineRole", START, SUCCEEDED, "FAILED States.Permissions with a summary", run_list),
    ("StateMachineRole", WRITE_RUNS, SUCCEEDED, "FAILED States.Permissions with a summary", run_list),
    ("StateMachineRole", f"{INVOKE} BulkFunction", SUCCEEDED, "FAILED States.ExceedTolerated", run_list),
    ("StateMachineRole", f"{INVOKE} SummaryFunction", SUCCEEDED, "still retrying", run_list),
    ("ListArrivedRole", START, SUCCEEDED, "no run", run_list),
    *NEEDED_FOR_INVOKE_AND_QUEUE,
    *NEEDED_FOR_KNOWN_IMAGES,
    *NEEDED_FOR_SOURCE_BUCKETS,
    *((f"{name}Role", f"logs:{action} {name}Logs", "logged", "not logged", partial(invoke_and_read_log, function=name))
      for name in ("HttpFunction", "S3Function", "BulkFunction", "SummaryFunction", "InvokeFunction", "QueueFunction")
      for action in ("CreateLogStream", "PutLogEvents")),
    *((f"{name}Role", "sqs:SendMessage FailureQueue", "in the queue", "lost", partial(send_broken_event, function=name))
      for name in ("S3Function", "InvokeFunction")),
]  # fmt: skip
NOT_TESTABLE_HERE = {
    # The policy that all functions share has it. The invoke function reads no receipt.
    ("InvokeFunctionRole", READ),
    # AWS Step Functions writes large results in parts, reads them to join them, and stops or redrives the executions
    # of batches ("IAM policies for using Distributed Map states" in its guide). MiniStack does not.
    ("StateMachineRole", "s3:ListMultipartUploadParts ImageBucket/runs/*"),
    ("StateMachineRole", "s3:AbortMultipartUpload ImageBucket/runs/*"),
    ("StateMachineRole", READ_RUNS),
    ("StateMachineRole", f"states:DescribeExecution {EXECUTIONS_OF_RUNS}"),
    ("StateMachineRole", f"states:StopExecution {EXECUTIONS_OF_RUNS}"),
    ("StateMachineRole", f"states:RedriveExecution {EXECUTIONS_OF_RUNS}"),
}


@pytest.fixture(scope="module")
def lab(deployed: Lab) -> Iterator[Lab]:
    """The stack without S3 notifications to functions: each test invokes the S3 function itself."""
    notifications = deployed.s3.get_bucket_notification_configuration(Bucket=deployed.stack.inbox)
    notifications.pop("ResponseMetadata")
    changed = {name: value for name, value in notifications.items() if name == "EventBridgeConfiguration"}
    put = partial(deployed.s3.put_bucket_notification_configuration, Bucket=deployed.stack.inbox)
    put(NotificationConfiguration=changed)
    yield deployed
    put(NotificationConfiguration=notifications)


@pytest.mark.parametrize(
    ("role", "right", "works", "fails", "call"),
    [pytest.param(*row, id=f"{row[0]} without {row[1]}") for row in NEEDED],
)
def test_call_fails_with_the_right_error_without_the_right(
    lab: Lab, *, role: str, right: str, works: str, fails: str, call: Call
) -> None:
    assert call(lab) == works
    with revoked_right(lab, role, right):
        assert call(lab).startswith(fails)


def test_every_right_of_every_role_is_tested() -> None:
    every = {(role, right) for role, rights in ROLES.items() for right in rights}
    every |= {
        (role, f"{action} {bucket}/*")
        for role, rights in ROLES.items()
        for bucket in (SOURCE_BUCKETS if rights >= STORE else ())
        for action in ("s3:GetObject", "s3:GetObjectVersion")
    }
    assert every == {(role, right) for role, right, *_ in NEEDED} | NOT_TESTABLE_HERE
