"""The invoke entry point, end to end: by the API of Lambda, without waiting, and from a state machine."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from infra.build.template_file import ROOT

from support.deployed_lab import Lab, wait_for
from support.file_queue import receive_all
from support.state_machine_definition import load_page_task

SECRET = "?X-Amz-Signature=secret"


def invoke(lab: Lab, event: object) -> tuple[str | None, dict[str, Any]]:
    """Return the kind of error, or None, and the payload."""
    result = lab.invoke("InvokeFunction", json.dumps(event).encode())
    return result.get("FunctionError"), json.loads(result["Payload"].read())


def test_response_is_the_receipt_that_is_stored(deployed: Lab) -> None:
    urls = [deployed.url("golden.png") + SECRET, deployed.url("half.jpg")]
    error, receipt = invoke(deployed, {"id": "i-whole", "fileUrl": urls[0], "baseUrls": [[urls[1]]], "note": {"of": 7}})

    assert error is None
    assert (receipt["status"], receipt["images"][0]["url"], receipt["note"]) == ("partial", urls[0], {"of": 7})
    assert [image.get("error", {}).get("code") for image in receipt["images"]] == [None, "invalid_image"]
    assert deployed.read(receipt["objectKeys"][0]) == deployed.pictures["golden.png"]
    stored = deployed.json("receipts/i-whole.json")
    assert stored["objectKeys"] == receipt["objectKeys"]
    assert SECRET not in json.dumps(stored)


def test_invalid_file_is_a_function_error_with_every_fault(deployed: Lab) -> None:
    error, payload = invoke(deployed, {"fileUrl": 7, "baseUrls": [{"url": ["x"]}, "x"], "id": f"a {SECRET}"})

    assert (error, payload["errorType"]) == ("Unhandled", "InvalidFile")
    paths = [fault.partition(":")[0] for fault in payload["errorMessage"].split("; ")]
    assert set(paths) == {"fileUrl", "baseUrls[0].url", "baseUrls[1]", "id"}
    assert "secret" not in json.dumps(payload)


def test_receipt_comes_without_a_waiting_caller_and_an_invalid_file_goes_to_the_failure_queue(deployed: Lab) -> None:
    name, client = deployed.function("InvokeFunction"), deployed.stack.aws.client("lambda")
    for event in ({"id": "i-later", "urls": [deployed.url("golden.png")]}, {"id": "i-never", "urls": 7}):
        client.invoke(FunctionName=name, InvocationType="Event", Payload=json.dumps(event).encode())

    wait_for(lambda: deployed.objects("receipts/i-later"))
    [failure] = wait_for(lambda: receive_all(deployed, deployed.stack.failures))
    failed = json.loads(failure["Body"])
    assert (failed["requestPayload"]["id"], failed["responsePayload"]["errorType"]) == ("i-never", "InvalidFile")
    assert deployed.objects("receipts/i-never") == []


@contextmanager
def machine_with_the_task_of_the_page(lab: Lab) -> Iterator[str]:
    """Create a state machine with the task of docs/invoke.md and a role that may invoke the function; yield its ARN."""
    iam, states = lab.stack.aws.client("iam"), lab.stack.aws.client("stepfunctions")
    client = lab.stack.aws.client("lambda")
    arn = client.get_function(FunctionName=lab.function("InvokeFunction"))["Configuration"]["FunctionArn"]
    trust = {"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = iam.create_role(RoleName="i-caller", AssumeRolePolicyDocument=policy(trust))["Role"]["Arn"]
    grant = {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": arn}
    iam.put_role_policy(RoleName="i-caller", PolicyName="invoke", PolicyDocument=policy(grant))
    task = load_page_task(ROOT / "docs" / "invoke.md", {"InvokeFunctionArn": arn})
    ends = {"Refused": {"Type": "Pass", "End": True}, "Check": {"Type": "Pass", "End": True}}
    definition = json.dumps({"StartAt": "Ingest", "States": task | ends})
    machine = states.create_state_machine(name="i-caller", definition=definition, roleArn=role)["stateMachineArn"]
    yield machine
    states.delete_state_machine(stateMachineArn=machine)
    iam.delete_role_policy(RoleName="i-caller", PolicyName="invoke")
    iam.delete_role(RoleName="i-caller")


def policy(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture(scope="module")
def machine(deployed: Lab) -> Iterator[str]:
    with machine_with_the_task_of_the_page(deployed) as created:
        yield created


def run(lab: Lab, machine: str, document: object) -> dict[str, Any]:
    """Run the state machine with a File, and return its output."""
    states = lab.stack.aws.client("stepfunctions")
    execution = states.start_execution(stateMachineArn=machine, input=json.dumps({"file": document}))["executionArn"]
    wait_for(lambda: states.describe_execution(executionArn=execution)["status"] != "RUNNING")
    ended = states.describe_execution(executionArn=execution)
    assert ended["status"] == "SUCCEEDED", ended
    output: dict[str, Any] = json.loads(ended["output"])
    return output


@pytest.mark.parametrize(
    ("status", "names"), [("stored", ["golden.png"]), ("partial", ["golden.png", "half.jpg"]), ("failed", ["half.jpg"])]
)
def test_state_machine_goes_on_with_the_receipt(deployed: Lab, machine: str, status: str, names: list[str]) -> None:
    receipt = run(deployed, machine, {"id": f"i-{status}", "urls": [deployed.url(name) for name in names]})
    assert (receipt["status"], len(receipt["objectKeys"])) == (status, len(names))


@pytest.mark.parametrize(
    ("expected", "document"),
    [
        ("urls: must have at least 1 item", {"urls": []}),
        ("must be an object, got a string: send the object itself", '{"urls": []}'),
        ("must be an object, got null", None),
        ("baseUrls: is missing", {"fileUrl": "https://a.example/1"}),
    ],
)
def test_state_machine_catches_an_invalid_file(deployed: Lab, machine: str, expected: str, document: object) -> None:
    refused = run(deployed, machine, document)["refused"]
    assert refused["Error"] == "InvalidFile"
    assert json.loads(refused["Cause"])["errorMessage"].startswith(expected)
