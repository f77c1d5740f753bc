"""docs/events.md: the function and the HTTPS endpoint of the page receive messages of the deployed stack.

Not proven here: that SNS checks the permission to invoke a function, and the signature of a message. MiniStack checks
neither.
"""

import io
import json
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from infra.command.child_process import run_in_background
from infra.command.tcp_ports import find_free_port

from support.aws_cli import run_shell
from support.calling_lab import assume_role, list_environment
from support.deployed_lab import Lab, wait_for
from support.events_page import ENDPOINT, FASTAPI, FUNCTION, HANDLER, READ_RECEIPTS, RECEIVE_POST, post, run_python


def create_role(lab: Lab, name: str, principal: dict[str, str], rights: list[dict[str, Any]]) -> str:
    """Create a role with these rights; return its ARN."""
    iam = lab.stack.aws.client("iam")
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal}
    document = {"Version": "2012-10-17", "Statement": [trust]}
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(document))["Role"]
    policy = json.dumps({"Version": "2012-10-17", "Statement": rights})
    iam.put_role_policy(RoleName=name, PolicyName="receipts", PolicyDocument=policy)
    return str(role["Arn"])


def create_function(lab: Lab, code: str, log_group: str) -> str:
    """Create a function with the rights of the page alone; return its ARN."""
    functions, logs = (lab.stack.aws.client(service) for service in ("lambda", "logs"))
    rights: list[dict[str, Any]] = [
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{lab.stack.bucket}/receipts/*"},
        {"Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": "*"},
    ]
    role = create_role(lab, log_group, {"Service": "lambda.amazonaws.com"}, rights)
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
def fastapi_service(lab: Lab, folder: Path, variables: dict[str, str]) -> Iterator[tuple[str, Path]]:
    """Run the FastAPI service of the page with the rights of the page; its URL and its log."""
    rights = [
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{lab.stack.bucket}/receipts/*"},
        {"Effect": "Allow", "Action": "sns:ConfirmSubscription", "Resource": variables["RECEIPT_TOPIC"]},
    ]
    keys = assume_role(lab, create_role(lab, "p-endpoint", {"AWS": "000000000000"}, rights))
    environment = list_environment(lab) | keys | variables
    (folder / "receipts.py").write_text(f"{READ_RECEIPTS}\n{RECEIVE_POST}\n{FASTAPI}")
    port, log = find_free_port(), folder / "uvicorn.log"
    command = [sys.executable, "-m", "uvicorn", "receipts:app", "--port", str(port)]
    with run_in_background(command, env=environment, cwd=folder, log=log):
        wait_for(lambda: "Uvicorn running" in log.read_text())
        yield f"http://127.0.0.1:{port}/receipts", log


def test_service_of_the_page_confirms_its_subscription_and_reads_the_receipts(
    deployed: Lab, events_environment: dict[str, str], tmp_path: Path
) -> None:
    """Over HTTP, because the local AWS trusts no certificate of this machine."""
    with fastapi_service(deployed, tmp_path, events_environment) as (url, log):
        command = ENDPOINT.replace("--protocol https", "--protocol http")
        run_shell(deployed, command, tmp_path, ENDPOINT_URL=url, **events_environment)
        wait_for(lambda: "200 OK" in log.read_text())  # the confirmation
        post(deployed, "p-endpoint")
        wait_for(lambda: "p-endpoint stored" in log.read_text())


@pytest.mark.parametrize("topic_arn", ["arn:aws:sns:us-east-1:123456789012:another", None])
@pytest.mark.usefixtures("events_environment")
def test_endpoint_of_the_page_refuses_messages_of_another_topic(topic_arn: str | None) -> None:
    receive = run_python(READ_RECEIPTS, RECEIVE_POST)["receive"]

    with pytest.raises(PermissionError):
        receive(json.dumps({"Type": "SubscriptionConfirmation", "TopicArn": topic_arn, "Token": "forged"}).encode())
