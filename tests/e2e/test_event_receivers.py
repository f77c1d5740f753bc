"""docs/events.md: the function and the HTTPS endpoint of the page receive messages of the deployed stack.

Not proven here: that SNS checks the permission to invoke a function, and the signature of a message. MiniStack checks
neither.
"""

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from support.aws_cli import run_shell
from support.deployed_lab import Lab, wait_for
from support.events_page import ENDPOINT, FUNCTION, HANDLER, READ_RECEIPTS, RECEIVE_POST, post, run_python


def create_function(lab: Lab, code: str, log_group: str) -> str:
    """Create a function with the rights of the page alone; return its ARN."""
    iam, functions, logs = (lab.stack.aws.client(service) for service in ("iam", "lambda", "logs"))
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
    role = iam.create_role(
        RoleName=log_group, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    )["Role"]["Arn"]
    rights = [
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{lab.stack.bucket}/receipts/*"},
        {"Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": "*"},
    ]
    policy = json.dumps({"Version": "2012-10-17", "Statement": rights})
    iam.put_role_policy(RoleName=log_group, PolicyName="receipts", PolicyDocument=policy)
    logs.create_log_group(logGroupName=log_group)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("receipts.py", code)
    created = functions.create_function(
        FunctionName=log_group,
        Runtime="python3.13",
        Handler="receipts.handler",
        Role=role,
        Code={"ZipFile": archive.getvalue()},
        Environment={"Variables": {"IMAGE_BUCKET": lab.stack.bucket}},
        LoggingConfig={"LogGroup": log_group, "LogFormat": "Text"},
    )
    return str(created["FunctionArn"])


def test_function_of_the_page_reads_the_receipts(
    deployed: Lab, events_environment: dict[str, str], tmp_path: Path
) -> None:
    arn = create_function(deployed, READ_RECEIPTS + HANDLER, "p-function")
    run_shell(deployed, FUNCTION, tmp_path, FUNCTION_ARN=arn, **events_environment)

    post(deployed, "p-lambda")

    logs = deployed.stack.aws.client("logs")
    wait_for(
        lambda: any(
            "p-lambda stored" in event["message"]
            for event in logs.filter_log_events(logGroupName="p-function")["events"]
        )
    )


@contextmanager
def endpoint(receive: Callable[[bytes], list[Any]], receipts: list[Any]) -> Iterator[str]:
    """An HTTP server that passes the body of each POST on; its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receipts.extend(receive(body))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/receipts"
        finally:
            server.shutdown()
            thread.join()


def test_endpoint_of_the_page_confirms_its_subscription_and_reads_the_receipts(
    deployed: Lab, events_environment: dict[str, str], tmp_path: Path
) -> None:
    """Over HTTP, because the local AWS trusts no certificate of this machine."""
    receive = run_python(READ_RECEIPTS, RECEIVE_POST)["receive"]
    sns, topic = deployed.stack.aws.client("sns"), events_environment["RECEIPT_TOPIC"]
    receipts: list[Any] = []

    with endpoint(receive, receipts) as url:
        command = ENDPOINT.replace("--protocol https", "--protocol http")
        run_shell(deployed, command, tmp_path, ENDPOINT_URL=url, **events_environment)

        def is_confirmed() -> bool:
            subscriptions = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
            [arn] = [found["SubscriptionArn"] for found in subscriptions if found["Endpoint"] == url]
            if not arn.startswith("arn:"):
                return False
            found = sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
            return bool(found["PendingConfirmation"] == "false")

        wait_for(is_confirmed)
        post(deployed, "p-endpoint")
        wait_for(lambda: [receipt for receipt in receipts if receipt["id"] == "p-endpoint"])


@pytest.mark.parametrize("topic_arn", ["arn:aws:sns:us-east-1:123456789012:another", None])
@pytest.mark.usefixtures("events_environment")
def test_endpoint_of_the_page_refuses_messages_of_another_topic(topic_arn: str | None) -> None:
    receive = run_python(READ_RECEIPTS, RECEIVE_POST)["receive"]

    with pytest.raises(PermissionError):
        receive(json.dumps({"Type": "SubscriptionConfirmation", "TopicArn": topic_arn, "Token": "forged"}).encode())
