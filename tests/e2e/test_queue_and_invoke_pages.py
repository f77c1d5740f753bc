"""docs/queue.md, docs/invoke.md and the redrive of docs/manifests.md: every command, with the AWS CLI."""

import json
from pathlib import Path

import pytest

from support.aws_cli import read_commands, run_shell
from support.deployed_lab import Lab, broken_function, wait_for
from support.file_queue import count_messages, fast_redelivery, send

SEND, LET_A_TOPIC_SEND, MOVE, LOOK, PURGE = read_commands("queue.md")
[INVOKE] = read_commands("invoke.md")
[REDRIVE] = [command for command in read_commands("manifests.md") if "FAILURE_QUEUE_URL" in command]


@pytest.fixture
def directory(deployed: Lab, tmp_path: Path) -> Path:
    """A working directory with a File."""
    file = {"id": "page-file", "urls": [deployed.url("golden.png")]}
    (tmp_path / "file.json").write_text(json.dumps(file))
    return tmp_path


def test_command_sends_a_file_to_the_queue(deployed: Lab, directory: Path) -> None:
    deployed.s3.delete_object(Bucket=deployed.stack.bucket, Key="receipts/page-file.json")
    run_shell(deployed, SEND, directory, FILE_QUEUE=deployed.stack.file_queue)
    wait_for(lambda: deployed.objects("receipts/page-file.json"))


def test_commands_let_a_topic_send_and_keep_what_the_policy_has(deployed: Lab, directory: Path) -> None:
    sqs, sns, url = deployed.stack.aws.client("sqs"), deployed.stack.aws.client("sns"), deployed.stack.file_queue
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    topic = sns.create_topic(Name="q-files")["TopicArn"]
    # In place of the stack's own statement, which denies plain HTTP: the local AWS has no TLS.
    before = {"Sid": "Before", "Effect": "Deny", "Principal": "*", "Action": "sqs:DeleteQueue", "Resource": arn}
    policy = {"Version": "2012-10-17", "Statement": [before]}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})

    run_shell(deployed, LET_A_TOPIC_SEND, directory, FILE_QUEUE=url, FILE_QUEUE_ARN=arn, TOPIC_ARN=topic)

    sns.publish(TopicArn=topic, Message=json.dumps({"id": "q-topic", "urls": [deployed.url("golden.png")]}))
    wait_for(lambda: deployed.objects("receipts/q-topic"))
    after = json.loads(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]["Policy"])
    assert after["Statement"][0] == before
    assert after["Statement"][1]["Condition"] == {"ArnEquals": {"aws:SourceArn": topic}}
    sns.delete_topic(TopicArn=topic)
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": ""})


def test_command_invokes_the_function(deployed: Lab, directory: Path) -> None:
    run_shell(deployed, INVOKE, directory, INVOKE_FUNCTION=deployed.function("InvokeFunction"))
    assert json.loads((directory / "receipt.json").read_text())["status"] == "stored"


def test_commands_show_failed_messages_move_them_back_and_delete_them(deployed: Lab, directory: Path) -> None:
    variables = {"FAILED_FILES": deployed.stack.failed_files, "FAILED_FILES_ARN": deployed.stack.failed_files_arn}

    def has_failed() -> bool:
        return count_messages(deployed, deployed.stack.failed_files) == 1

    with fast_redelivery(deployed, seconds=1):
        send(deployed, "the page of the queue")
        wait_for(has_failed)
        [before] = json.loads(run_shell(deployed, LOOK, directory, **variables))["Messages"]
        assert "TaskHandle" in run_shell(deployed, MOVE, directory, **variables)
        wait_for(has_failed)
        [after] = json.loads(run_shell(deployed, LOOK, directory, **variables))["Messages"]
    run_shell(deployed, PURGE, directory, **variables)

    assert before["Body"] == after["Body"] == "the page of the queue"
    assert before["MessageId"] != after["MessageId"]
    assert count_messages(deployed, deployed.stack.failed_files) == 0


def test_commands_send_a_failed_event_to_the_function_that_it_names(deployed: Lab, directory: Path) -> None:
    name, failures = deployed.function("InvokeFunction"), deployed.stack.failures
    event = json.dumps({"id": "page-redriven", "urls": [deployed.url("golden.png")]}).encode()
    with broken_function(deployed, "InvokeFunction"):
        deployed.stack.aws.client("lambda").invoke(FunctionName=name, InvocationType="Event", Payload=event)
        wait_for(lambda: count_messages(deployed, failures) == 1)

    run_shell(deployed, REDRIVE, directory, FAILURE_QUEUE_URL=failures)

    wait_for(lambda: deployed.objects("receipts/page-redriven"))
    assert count_messages(deployed, failures) == 0
