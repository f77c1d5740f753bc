"""The queue entry point, end to end: messages, redeliveries, messages that are no Files, and a function that is killed.

The origin counts the requests for each image.
"""

import asyncio
import json
import subprocess

import pytest
from botocore.exceptions import ClientError

from support.deployed_lab import Lab, wait_for
from support.file_queue import count_messages, failed_messages, fast_redelivery, paused_queue, send, wait_until_empty
from support.killed_client import kill_client
from support.origin import BEHAVIOURS
from support.origin.behaviour import Reader, Request, Writer

DELIVERIES = 5


@pytest.fixture
def lab(deployed: Lab) -> Lab:
    """The stack with empty queues and a warm queue function, which is faster than the visibility timeouts below."""
    deployed.invoke("QueueFunction", b"{}")
    for url in (deployed.stack.file_queue, deployed.stack.failed_files):  # other tests leave messages that come again
        deployed.stack.aws.client("sqs").purge_queue(QueueUrl=url)
    return deployed


def test_each_message_results_in_a_receipt_and_is_deleted(lab: Lab) -> None:
    """The Files of a batch are ingested together; an image that failed for good is no reason to come again."""
    names = [f"length/q-many-{n}" for n in range(24)] + ["status_404/q-gone"]
    send(lab, *({"id": f"q-{n}", "urls": [lab.origin.url(name)]} for n, name in enumerate(names)))

    wait_until_empty(lab)
    statuses = [lab.json(f"receipts/q-{n}.json")["status"] for n in range(25)]
    assert statuses == ["stored"] * 24 + ["failed"]
    assert {lab.origin.request_count(name) for name in names} == {1}
    assert count_messages(lab, lab.stack.failed_files) == 0


def test_messages_that_are_sent_twice_are_ingested_once(lab: Lab) -> None:
    """A sender that got no response sends again."""
    body = json.dumps({"id": "q-twice", "urls": [lab.origin.url("length/q-twice"), lab.origin.url("length/q-also")]})
    before = len(lab.objects())
    with paused_queue(lab):
        send(lab, body, body, body)

    wait_until_empty(lab)
    assert lab.json("receipts/q-twice.json")["status"] == "stored"
    assert [lab.origin.request_count(f"length/q-{name}") for name in ("twice", "also")] == [1, 1]
    assert len(lab.objects()) - before <= 1, "both images have the same bytes"


def test_message_that_is_delivered_again_changes_nothing(lab: Lab) -> None:
    """The function may be invoked twice with one message: here by hand, after Lambda did."""
    body = json.dumps({"id": "q-again", "urls": [lab.origin.url("length/q-again")]})
    [message_id] = send(lab, body)
    wait_until_empty(lab)
    stored = lab.read("receipts/q-again.json")
    attributes = {"SentTimestamp": "1577836800000", "ApproximateReceiveCount": "2"}
    record = {"messageId": message_id, "body": body, "attributes": attributes, "eventSource": "aws:sqs"}

    result = lab.invoke("QueueFunction", json.dumps({"Records": [record]}).encode())

    assert json.loads(result["Payload"].read()) == {"batchItemFailures": []}
    assert lab.read("receipts/q-again.json") == stored
    assert lab.origin.request_count("length/q-again") == 1


POISON = {
    "no JSON": "is not JSON",
    '{"id": "q-poison", "urls": [7]}': "must be a string or an object, got a number",
    '{"Type": "Notification", "TopicArn": "arn", "Message": "{}"}': "is a notification of SNS",
    '"{}"': "must be an object, got a string: send the object itself",
    "[]": "must be an object, got a list",
}


def test_messages_that_are_no_files_end_in_the_queue_of_failed_files_with_problems(lab: Lab) -> None:
    with fast_redelivery(lab):
        ids = send(lab, *POISON, {"id": "q-beside", "urls": [lab.origin.url("length/q-beside")]})
        poisonous = dict(zip(ids, POISON, strict=False))
        wait_for(lambda: poisonous.keys() <= failed_messages(lab).keys(), seconds=90)

    assert failed_messages(lab) == poisonous
    for message_id, message in zip(ids, POISON.values(), strict=False):
        problem = lab.json(f"problems/{message_id}.json")
        assert problem["status"] == 422
        assert problem["errors"][0]["message"].startswith(message)
        assert lab.stack.call("GET", f"/files/{message_id}").json() == problem
    assert lab.json("receipts/q-beside.json")["status"] == "stored"
    assert lab.origin.request_count("length/q-beside") == 1


def test_image_that_fails_is_tried_with_each_delivery_and_one_command_sends_the_message_again(lab: Lab) -> None:
    """The valid image of the same File is requested once: each delivery reuses the receipt."""
    # Not 503: after it, no function would ask this origin again for a while.
    lab.origin.responders["q-not-ready"] = BEHAVIOURS["status_202_retry_after_3600"].respond
    urls = [lab.origin.url("length/q-valid"), lab.origin.url("q-not-ready/1")]
    with fast_redelivery(lab):
        [message_id] = send(lab, {"id": "q-later", "urls": urls})
        wait_for(lambda: message_id in failed_messages(lab), seconds=90)
    assert [lab.origin.request_count(name) for name in ("length/q-valid", "q-not-ready/1")] == [1, DELIVERIES]
    assert lab.json("receipts/q-later.json")["status"] == "partial"

    lab.origin.responders["q-not-ready"] = BEHAVIOURS["length"].respond
    started = lab.stack.aws.client("sqs").start_message_move_task(SourceArn=lab.stack.failed_files_arn)
    wait_for(lambda: lab.json("receipts/q-later.json")["status"] == "stored")
    wait_until_empty(lab)
    assert started["TaskHandle"] != message_id
    assert count_messages(lab, lab.stack.failed_files) == 0


def test_only_messages_of_the_queue_of_failed_files_are_moved_back(lab: Lab) -> None:
    """The queue of failed events is no dead-letter queue of another one: that is why failed Files have their own."""
    queue = lab.stack.aws.client("sqs")
    for url in (lab.stack.failures, lab.stack.file_queue):
        arn = queue.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        with pytest.raises(ClientError, match="must be configured as a Dead Letter Queue"):
            queue.start_message_move_task(SourceArn=arn)


def test_nothing_is_lost_and_nothing_done_twice_when_the_function_is_killed_between_receipt_and_delete(
    lab: Lab,
) -> None:
    """One File of the batch is done, and its receipt stored, when another one kills the function."""

    async def kill_after_the_receipt(reader: Reader, writer: Writer, request: Request) -> None:
        if request.nth == 1:
            await asyncio.to_thread(wait_for, lambda: lab.objects("receipts/q-done"))
        await kill_client(reader, writer, request)

    lab.origin.responders["q-killer"] = kill_after_the_receipt
    urls = {"q-done": "length/q-done", "q-killed": "q-killer/1-q", "q-other": "length/q-other"}
    with fast_redelivery(lab, seconds=8):  # more than a cold start
        with paused_queue(lab):
            send(lab, *({"id": name, "urls": [lab.origin.url(url)]} for name, url in urls.items()))
        wait_until_empty(lab)

    assert {lab.json(f"receipts/{name}.json")["status"] for name in urls} == {"stored"}
    counts = {name: lab.origin.request_count(url) for name, url in urls.items()}
    assert counts == {"q-done": 1, "q-killed": 2, "q-other": counts["q-other"]}
    assert count_messages(lab, lab.stack.failed_files) == 0


def test_concurrent_messages_of_one_file_have_one_receipt_with_all_images(lab: Lab) -> None:
    """Different bodies, so that nothing joins them: each function invocation merges its receipt with the stored one."""
    urls = [lab.origin.url(f"length/q-shared-{n}") for n in range(3)]
    send(lab, *(json.dumps({"id": "q-shared", "urls": urls, "row": row}) for row in range(12)))
    wait_until_empty(lab)
    receipt = lab.json("receipts/q-shared.json")
    assert (receipt["status"], len(set(receipt["objectKeys"]))) == ("stored", 1)


def test_queue_refuses_callers_without_the_right(lab: Lab) -> None:
    """The policy of the queue allows nobody, so a caller of the account needs sqs:SendMessage."""
    iam = lab.stack.aws.client("iam")
    iam.create_user(UserName="q-caller")
    key = iam.create_access_key(UserName="q-caller")["AccessKey"]
    command = [
        "curl", "--silent", lab.stack.file_queue, "--data", "Action=SendMessage", "--data", "MessageBody=none",
        "--aws-sigv4", "aws:amz:us-east-1:sqs", "--user", f"{key['AccessKeyId']}:{key['SecretAccessKey']}",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "AccessDenied" in done.stdout
