"""docs/events.md: the queue, its filter, and the notification of an own bucket, as the page sets them up."""

import json
from pathlib import Path

import pytest

from support.aws_cli import run_shell
from support.deployed_lab import Lab
from support.events_page import (
    DEPLOY,
    FILTER,
    MESSAGE,
    OWN_BUCKET,
    QUEUE,
    QUEUE_TEMPLATE,
    READ_RECEIPTS,
    RECEIVE,
    assert_has,
    deploy_template,
    post,
    run_python,
)
from support.receipt_topic import Queue, count_keys


def test_page_turns_the_topic_on_by_its_first_command() -> None:
    assert 'make deploy STACK=image-intake PARAMETERS="ReceiptTopic=on"' in DEPLOY


def test_queue_of_the_page_receives_the_message_and_the_program_reads_the_receipt(
    deployed: Lab, events_environment: dict[str, str], tmp_path: Path
) -> None:
    script = f'{QUEUE}echo "$QUEUE_URL"'
    queue = Queue(
        deployed.stack.aws.client("sqs"), run_shell(deployed, script, tmp_path, **events_environment).split()[-1]
    )
    read_receipts = run_python(READ_RECEIPTS)["read_receipts"]

    post(deployed, "p-queue")

    [message] = queue.wait_for_messages(1)
    assert_has(MESSAGE, json.loads(message))
    assert read_receipts(message) == [deployed.stack.call("GET", "/files/p-queue").json()]
    assert read_receipts(json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent"})) == []
    post(deployed, "p-queue-2")
    printed = run_shell(deployed, RECEIVE, tmp_path, QUEUE_URL=queue.url)
    assert printed == "receipts/p-queue-2.json\n"

    run_shell(deployed, QUEUE + FILTER, tmp_path, **events_environment)
    queue.receive()
    for name in ("lot-7-x", "lot-70-x"):
        post(deployed, name)
    assert count_keys(queue.wait_for_messages(1)) == {"receipts/lot-7-x.json": 1}


def test_template_of_the_page_subscribes_a_queue_with_a_filter(deployed: Lab, topic: str) -> None:
    created = deploy_template(deployed, "p-template", QUEUE_TEMPLATE, ReceiptTopicArn=topic)
    queue = Queue(deployed.stack.aws.client("sqs"), created["Receipts"])

    for name in ("lot-7-y", "lot-8-y"):
        post(deployed, name)

    assert count_keys(queue.wait_for_messages(1)) == {"receipts/lot-7-y.json": 1}


def test_program_of_the_page_reads_from_its_own_bucket_whatever_a_message_says(
    deployed: Lab, events_environment: dict[str, str]
) -> None:
    deployed.s3.create_bucket(Bucket="p-forged")
    deployed.s3.put_object(Bucket="p-forged", Key="receipts/p-own.json", Body=b'{"id": "forged"}')
    post(deployed, "p-own")
    record = {"s3": {"bucket": {"name": "p-forged"}, "object": {"key": "receipts%2Fp-own.json"}}}

    [receipt] = run_python(READ_RECEIPTS)["read_receipts"](json.dumps({"Records": [record]}))

    assert (receipt["id"], receipt["bucket"]) == ("p-own", events_environment["IMAGE_BUCKET"])


@pytest.mark.parametrize("earlier", [False, True])
def test_notification_of_an_own_bucket_is_added_to_those_that_are_there(
    deployed: Lab, tmp_path: Path, *, earlier: bool
) -> None:
    """With the topics of an account's own, because the topic of the stack allows the bucket of the stack alone."""
    bucket, sns = f"p-own-bucket-{earlier}".lower(), deployed.stack.aws.client("sns")
    deployed.s3.create_bucket(Bucket=bucket)
    topics = []
    for name in ("p-earlier", "p-own-topic"):
        topics.append(sns.create_topic(Name=name)["TopicArn"])
        allow = {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sns:Publish"}
        policy = {"Version": "2012-10-17", "Statement": [allow | {"Resource": topics[-1]}]}
        sns.set_topic_attributes(TopicArn=topics[-1], AttributeName="Policy", AttributeValue=json.dumps(policy))
    if earlier:
        configuration = {"TopicConfigurations": [{"TopicArn": topics[0], "Events": ["s3:ObjectRemoved:*"]}]}
        deployed.s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=configuration)

    run_shell(deployed, OWN_BUCKET, tmp_path, IMAGE_BUCKET=bucket, RECEIPT_TOPIC=topics[1])

    found = deployed.s3.get_bucket_notification_configuration(Bucket=bucket)["TopicConfigurations"]
    assert [configuration["TopicArn"] for configuration in found] == topics if earlier else topics[1:]
    rules = {rule["Name"]: rule["Value"] for rule in found[-1]["Filter"]["Key"]["FilterRules"]}
    assert (found[-1]["Events"], rules) == (["s3:ObjectCreated:*"], {"prefix": "receipts/", "suffix": ".json"})
