"""docs/queue.md: its commands let a topic of the account send Files to the queue."""

import json
import re
from pathlib import Path

from infra.build.template_file import ROOT

from support.aws_cli import run_shell
from support.deployed_lab import Lab, wait_for

PAGE = (ROOT / "docs" / "queue.md").read_text()
[LET_A_TOPIC_SEND] = re.findall(r"^```sh\n(aws sqs get-queue-attributes.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def test_topic_sends_files_to_the_queue_whose_policy_keeps_what_it_has(deployed: Lab, tmp_path: Path) -> None:
    sqs, sns, url = deployed.stack.aws.client("sqs"), deployed.stack.aws.client("sns"), deployed.stack.file_queue
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    topic = sns.create_topic(Name="q-files")["TopicArn"]
    # In place of the stack's own statement, which denies plain HTTP: the local AWS has no TLS.
    before = {"Sid": "Before", "Effect": "Deny", "Principal": "*", "Action": "sqs:DeleteQueue", "Resource": arn}
    policy = {"Version": "2012-10-17", "Statement": [before]}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})

    run_shell(deployed, LET_A_TOPIC_SEND, tmp_path, FILE_QUEUE=url, FILE_QUEUE_ARN=arn, TOPIC_ARN=topic)

    sns.publish(TopicArn=topic, Message=json.dumps({"id": "q-topic", "urls": [deployed.url("golden.png")]}))
    wait_for(lambda: deployed.objects("receipts/q-topic"))
    after = json.loads(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]["Policy"])
    assert after["Statement"][0] == before
    assert after["Statement"][1]["Condition"] == {"ArnEquals": {"aws:SourceArn": topic}}
    sns.delete_topic(TopicArn=topic)
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": ""})
