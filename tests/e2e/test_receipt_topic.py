"""The topic of receipts, end to end: S3's notification and the topic's policy, with the deployed template.

MiniStack lets S3 publish to a topic without a policy of its own, and does not look into lists when it filters. Both are
patched from AWS's documentation in infra/local; of these two, the tests prove only that the template fits that patch.
S3's check of the topic's policy, the filter of the notification and CloudFormation's order are MiniStack's own.
"""

import json
from collections import Counter
from typing import Any

import pytest
import yaml
from botocore.exceptions import ClientError
from infra.build.template_file import load
from infra.local.deploy_template import read_outputs, to_json_bytes

from support.deployed_lab import Lab, json_lines, wait_for
from support.origin.behaviour import Reader, Request, Writer, response_with, send
from support.receipt_topic import count_keys, subscribe_queue, wait_for_status
from support.sample_images import picture

OF_THE_TOPIC = ("ImageBucket", "ReceiptEvents", "ReceiptTopicPolicy")


def make_file(lab: Lab, name: str, *more: str) -> dict[str, Any]:
    return {"id": name, "urls": [lab.origin.url(f"length/{name}"), *more]}


def post(lab: Lab, file: dict[str, Any], **headers: str) -> int:
    return lab.stack.call("POST", "/files", to_json_bytes(file), headers=headers).status


async def send_new_picture(_: Reader, writer: Writer, __: Request) -> None:
    """Respond with an image that no other test has stored, and with what makes it a known image."""
    await send(writer, response_with(picture(61, 47, 58), 'ETag: "new"'))


def send_everywhere(lab: Lab) -> None:
    """Send Files through every entry point, some with images or lines that fail."""
    lab.origin.responders["new"] = send_new_picture
    others = [lab.origin.url("new/t-http"), lab.origin.url("status_404/t-http")]
    assert post(lab, make_file(lab, "t-http", *others)) == 207
    assert post(lab, {"id": "t-failed", "urls": ["no URL"]}) == 502
    assert post(lab, make_file(lab, "t-async"), Prefer="respond-async") == 202
    assert "FunctionError" not in lab.invoke("InvokeFunction", to_json_bytes(make_file(lab, "t-invoke")))
    queue, sqs = read_outputs(lab.stack.aws)["FileQueueUrl"], lab.stack.aws.client("sqs")
    for file in (make_file(lab, "t-queue"), {"fileUrl": 7}):
        sqs.send_message(QueueUrl=queue, MessageBody=json.dumps(file))
    lab.put_in_inbox("inbox/t-lines.jsonl", json_lines(make_file(lab, "t-s3"), {"fileUrl": 7}))
    lab.put_in_inbox("bulk/t-list.jsonl", json_lines(make_file(lab, "t-bulk"), {"fileUrl": 7}))


def test_every_stored_receipt_is_a_message_and_nothing_else_is(deployed: Lab, topic: str) -> None:
    """Images, known documents, the problem of a line, and the objects of a run are stored beside the receipts."""
    queue = subscribe_queue(deployed, topic, "t-everything", RawMessageDelivery="true")
    before = set(deployed.objects(""))
    expected = {f"receipts/t-{name}.json" for name in ("http", "failed", "async", "invoke", "queue", "s3", "bulk")}

    send_everywhere(deployed)
    messages = queue.wait_for_messages(len(expected))
    wait_for(lambda: [key for key in set(deployed.objects("runs/")) - before if key.endswith("/summary.json")])

    messages += queue.receive()
    assert count_keys(messages) == Counter(expected)
    stored = {key.partition("/")[0] for key in set(deployed.objects("")) - before}
    assert stored >= {"images", "known", "problems", "receipts", "runs"}


def test_receipt_that_is_stored_again_is_a_message_again(deployed: Lab, topic: str) -> None:
    queue = subscribe_queue(deployed, topic, "t-again", RawMessageDelivery="true")

    for _ in range(2):
        assert post(deployed, make_file(deployed, "t-again")) == 200

    assert count_keys(queue.wait_for_messages(2)) == {"receipts/t-again.json": 2}


def test_message_without_raw_delivery_is_inside_an_envelope(deployed: Lab, topic: str) -> None:
    queue = subscribe_queue(deployed, topic, "t-envelope")

    post(deployed, make_file(deployed, "t-envelope"))

    [envelope] = map(json.loads, queue.wait_for_messages(1))
    assert (envelope["Type"], envelope["TopicArn"]) == ("Notification", topic)
    assert count_keys([envelope["Message"]]) == {"receipts/t-envelope.json": 1}


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([{"prefix": "receipts/f-7-"}], {"f-7-a", "f-7-b"}),
        ([{"prefix": "receipts/f-8"}, {"prefix": "receipts/f-7-a"}], {"f-7-a", "f-8"}),
        (["receipts/f-8.json"], {"f-8"}),
        ([{"anything-but": {"prefix": "receipts/f-7"}}], {"f-8"}),
    ],
)
def test_filter_of_a_subscription_selects_by_id(
    deployed: Lab, topic: str, rules: list[Any], expected: set[str]
) -> None:
    policy = json.dumps({"Records": {"s3": {"object": {"key": rules}}, "eventName": [{"prefix": "ObjectCreated:"}]}})
    scope = {"FilterPolicyScope": "MessageBody", "FilterPolicy": policy, "RawMessageDelivery": "true"}
    queue = subscribe_queue(deployed, topic, f"t-filter-{len(json.dumps(rules))}", **scope)

    for name in ("f-7-a", "f-7-b", "f-8"):
        post(deployed, make_file(deployed, name))

    assert set(count_keys(queue.wait_for_messages(len(expected)))) == {f"receipts/{name}.json" for name in expected}


def test_topic_refuses_another_bucket_of_the_account(deployed: Lab, topic: str) -> None:
    deployed.s3.create_bucket(Bucket="t-another-bucket")
    notification = {"TopicConfigurations": [{"TopicArn": topic, "Events": ["s3:ObjectCreated:*"]}]}

    with pytest.raises(ClientError, match="Unable to validate the following destination configurations"):
        deployed.s3.put_bucket_notification_configuration(
            Bucket="t-another-bucket", NotificationConfiguration=notification
        )


def test_topic_refuses_a_message_over_plain_http(deployed: Lab, topic: str) -> None:
    """The other clients of the tests mark their requests as HTTPS, as a proxy does."""
    plain = deployed.stack.aws.session.client("sns", endpoint_url=deployed.stack.aws.endpoint)
    marked = deployed.stack.aws.client("sns")

    with pytest.raises(ClientError, match="AuthorizationError"):
        plain.publish(TopicArn=topic, Message="forged")
    assert marked.publish(TopicArn=topic, Message="allowed")["MessageId"]


def topic_template() -> str:
    """Return the bucket, the topic and its policy of the template, as a template of their own."""
    template = load()
    return yaml.safe_dump(
        {
            "Parameters": template["Parameters"],
            "Conditions": template["Conditions"],
            "Resources": {name: template["Resources"][name] for name in OF_THE_TOPIC},
            "Outputs": {name: template["Outputs"][name] for name in ("ImageBucketName", "ReceiptTopicArn")},
        }
    )


def test_new_stack_cannot_have_the_notification_and_an_existing_one_can(deployed: Lab) -> None:
    """`make deploy` refuses the first case before it builds."""
    client, body = deployed.stack.aws.client("cloudformation"), topic_template()
    on = [{"ParameterKey": "ReceiptTopic", "ParameterValue": "on"}]

    client.create_stack(StackName="t-at-once", TemplateBody=body, Parameters=on)
    client.create_stack(StackName="t-later", TemplateBody=body)
    statuses = [wait_for_status(deployed, stack) for stack in ("t-at-once", "t-later")]
    client.update_stack(StackName="t-later", TemplateBody=body, Parameters=on)

    assert statuses == ["ROLLBACK_COMPLETE", "CREATE_COMPLETE"]
    assert wait_for_status(deployed, "t-later") == "UPDATE_COMPLETE"
    bucket = read_outputs(deployed.stack.aws, "t-later")["ImageBucketName"]
    [configuration] = deployed.s3.get_bucket_notification_configuration(Bucket=bucket)["TopicConfigurations"]
    assert configuration["Events"] == ["s3:ObjectCreated:*"]
    events = client.describe_stack_events(StackName="t-at-once")["StackEvents"]
    reasons = [event.get("ResourceStatusReason", "") for event in events if event["ResourceStatus"] == "CREATE_FAILED"]
    assert any("Unable to validate the following destination configurations" in reason for reason in reasons)


def test_notification_is_removed_when_the_parameter_is_off_again(deployed: Lab) -> None:
    client, body = deployed.stack.aws.client("cloudformation"), topic_template()
    client.create_stack(StackName="t-off-again", TemplateBody=body)
    wait_for_status(deployed, "t-off-again")
    for value in ("on", "off"):
        parameters = [{"ParameterKey": "ReceiptTopic", "ParameterValue": value}]
        client.update_stack(StackName="t-off-again", TemplateBody=body, Parameters=parameters)
        assert wait_for_status(deployed, "t-off-again") == "UPDATE_COMPLETE"

    bucket = read_outputs(deployed.stack.aws, "t-off-again")["ImageBucketName"]
    assert "TopicConfigurations" not in deployed.s3.get_bucket_notification_configuration(Bucket=bucket)
