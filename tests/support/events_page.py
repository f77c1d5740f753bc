"""docs/events.md: its commands, programs, templates and examples, and a way to run them."""

import json
import re
from typing import Any

from infra.build.template_file import ROOT
from infra.local.deploy_template import to_json_bytes

from support.deployed_lab import Lab
from support.receipt_topic import wait_for_status

PAGE = (ROOT / "docs" / "events.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


DEPLOY, QUEUE, RECEIVE, FUNCTION, ENDPOINT, FILTER, OWN_BUCKET, RUNS = blocks("sh")
READ_RECEIPTS, HANDLER, RECEIVE_POST, FASTAPI, READ_SUMMARY = blocks("python")
QUEUE_TEMPLATE, RUNS_TEMPLATE = blocks("yaml")
MESSAGE, EVENT = map(json.loads, blocks("text"))


def run_python(*code: str) -> dict[str, Any]:
    """Run programs of the page, and return their names."""
    names: dict[str, Any] = {}
    exec("\n".join(code), names)  # noqa: S102 - the code of the page
    return names


def post(lab: Lab, name: str) -> None:
    """Send a File with this id and one image."""
    answer = lab.stack.call("POST", "/files", to_json_bytes({"id": name, "urls": [lab.origin.url(f"length/{name}")]}))
    assert answer.status == 200


def assert_has(expected: object, found: object, where: str = "") -> None:
    """Every member of the example is found, with a value of the same type, or null in both."""
    if isinstance(expected, dict):
        assert isinstance(found, dict)
        for name, value in expected.items():
            assert name in found, f"{where}.{name}"
            assert_has(value, found[name], f"{where}.{name}")
    elif isinstance(expected, list):
        assert isinstance(found, list)
        for index, value in enumerate(expected):
            assert_has(value, found[index], f"{where}[{index}]")
    else:
        assert type(expected) is type(found), where


def deploy_template(lab: Lab, stack: str, body: str, **parameters: str) -> dict[str, str]:
    """Deploy a template of the page; return the physical names of its resources."""
    client = lab.stack.aws.client("cloudformation")
    given = [{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()]
    client.create_stack(StackName=stack, TemplateBody=body, Parameters=given)
    assert wait_for_status(lab, stack) == "CREATE_COMPLETE"
    resources = client.describe_stack_resources(StackName=stack)["StackResources"]
    return {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in resources}
