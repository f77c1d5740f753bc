"""docs/calling.md by invocation: invoke.py and the state machine of the page, by roles with the policy of the page."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from infra.local.deploy_template import read_outputs

from support.account_rules import policy
from support.calling_lab import create_caller, run_python
from support.calling_page import read_state_machine, write_files
from support.deployed_lab import Lab, broken_function, wait_for
from support.origin.behaviour import wait_forever

RUN = "import json, sys, invoke; print(json.dumps(getattr(invoke, sys.argv[1])(json.loads(sys.argv[2]))))"
type Run = Callable[[str, dict[str, object]], subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def outputs(deployed: Lab) -> dict[str, str]:
    return read_outputs(deployed.stack.aws)


@pytest.fixture(scope="module")
def environment(deployed: Lab) -> dict[str, str]:
    return create_caller(deployed, "invoke-caller")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_files(tmp_path_factory.mktemp("calling"), "python")


@pytest.fixture(scope="module")
def run(folder: Path, environment: dict[str, str]) -> Run:
    """Calls a function of invoke.py with a File, and prints its result as JSON."""
    return lambda function, file: run_python(folder, environment, "-c", RUN, function, json.dumps(file))


def test_invocation_returns_the_receipt(deployed: Lab, run: Run) -> None:
    urls = [deployed.url(name) for name in ("inspect.jpg", "missing.png")]

    receipt = json.loads(run("ingest", {"id": "invoked", "urls": urls}).stdout)

    assert receipt["status"] == "partial"
    assert deployed.read(receipt["objectKeys"][0]) == deployed.pictures["inspect.jpg"]
    assert deployed.json("receipts/invoked.json")["objectKeys"] == receipt["objectKeys"]


@pytest.mark.parametrize("file", [{"urls": []}, {"fileUrl": 7, "baseUrls": [["a"]]}, {"Records": []}])
def test_invocation_with_no_file_raises_invalid_file(run: Run, file: dict[str, object]) -> None:
    done = run("ingest", file)

    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("invoke.InvalidFile: ")


def test_invocation_of_a_broken_function_says_what_lambda_says(deployed: Lab, run: Run) -> None:
    with broken_function(deployed, "InvokeFunction"):
        done = run("ingest", {"urls": [deployed.url("inspect.jpg")]})

    assert done.stderr.splitlines()[-1].startswith("RuntimeError: ")


def test_later_invocation_stores_the_receipt(deployed: Lab, run: Run) -> None:
    done = run("ingest_later", {"id": "invoked-later", "urls": [deployed.url("golden.png")]})

    assert done.stdout == "null\n"
    assert wait_for(lambda: deployed.objects("receipts/invoked-later.json"))


@pytest.mark.parametrize(("configured", "requests"), [("CONFIG", 1), ("Config()", 3)])
def test_client_of_the_page_waits_once(
    deployed: Lab, folder: Path, environment: dict[str, str], configured: str, requests: int
) -> None:
    """A function that does not respond is invoked once, where boto3 would invoke it again."""
    path = f"timeout_{requests}"
    program = f"from invoke import *\nconfig = {configured}.merge(Config(read_timeout=0.5))\n"
    program += "boto3.client('lambda', config=config).invoke(FunctionName='f', Payload='{}')"

    async def never_respond(*_: object) -> None:
        await wait_forever()

    deployed.origin.responders[path] = never_respond

    done = run_python(folder, environment | {"AWS_ENDPOINT_URL": deployed.origin.url(path)}, "-c", program)

    assert "ReadTimeoutError" in done.stderr
    assert sum(request.target.startswith(f"/{path}/") for request in deployed.origin.requests) == requests


@pytest.fixture(scope="module")
def machine(deployed: Lab, outputs: dict[str, str]) -> str:
    """The state machine of the page, with a role that may invoke the function."""
    iam = deployed.stack.aws.client("iam")
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "states.amazonaws.com"}}
    grant = {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": outputs["InvokeFunctionArn"]}
    role = iam.create_role(RoleName="machine", AssumeRolePolicyDocument=policy(trust))["Role"]["Arn"]
    iam.put_role_policy(RoleName="machine", PolicyName="invoke", PolicyDocument=policy(grant))
    definition = json.dumps(read_state_machine()).replace("${InvokeFunction}", outputs["InvokeFunctionArn"])
    states = deployed.stack.aws.client("stepfunctions")
    created = states.create_state_machine(name="calling", definition=definition, roleArn=role)
    arn: str = created["stateMachineArn"]
    return arn


def execute(lab: Lab, machine: str, file: object) -> dict[str, Any]:
    """Run the state machine with a File, and return how its execution ended."""
    states = lab.stack.aws.client("stepfunctions")
    execution = states.start_execution(stateMachineArn=machine, input=json.dumps({"file": file}))["executionArn"]

    def poll() -> dict[str, Any] | None:
        found: dict[str, Any] = states.describe_execution(executionArn=execution)
        return None if found["status"] == "RUNNING" else found

    return wait_for(poll)


@pytest.mark.parametrize(
    ("names", "status"), [(["golden.png"], "stored"), (["golden.png", "half.jpg"], "partial"), (["half.jpg"], "failed")]
)
def test_state_machine_has_the_keys_of_a_file(deployed: Lab, machine: str, names: list[str], status: str) -> None:
    ended = execute(deployed, machine, {"urls": [deployed.url(name) for name in names]})

    receipt = json.loads(ended["output"])["receipt"]
    assert (ended["status"], receipt["status"]) == ("SUCCEEDED", status)
    assert deployed.json(receipt["receiptKey"])["objectKeys"] == receipt["objectKeys"]


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ({"urls": [7]}, "urls[0]: "),
        ({"fileUrl": "https://a.example/1"}, "baseUrls: is missing"),
        ('{"urls": []}', "must be an object, got a string: send the object itself"),
        (None, "must be an object, got null"),
    ],
)
def test_state_machine_fails_with_the_faults_of_a_file_that_is_not_valid(
    deployed: Lab, machine: str, file: object, expected: str
) -> None:
    ended = execute(deployed, machine, file)

    assert (ended["status"], ended["error"]) == ("FAILED", "InvalidFile")
    assert json.loads(ended["cause"])["errorMessage"].startswith(expected)
