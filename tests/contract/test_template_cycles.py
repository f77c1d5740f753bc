"""The template has no cycle of references, neither as it is written nor after the SAM transform.

`sam validate` does not find cycles, and a deployment fails with one only after minutes.
"""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from infra.build.template_file import ROOT, load

TRANSFORM = """
import json, sys
from samtranslator.translator.transform import transform
from samtranslator.public.translator import ManagedPolicyLoader
print(json.dumps(transform(json.load(sys.stdin), {"AWS::Region": "us-east-1"}, ManagedPolicyLoader(None))))
"""


def transform(template: dict[str, Any]) -> dict[str, Any]:
    """Transform the template with the translator that SAM itself uses."""
    python = ROOT / ".local" / "ministack" / "bin" / "python"
    if not python.exists():
        pytest.fail("The SAM translator is not installed: run `make install`, or `make test` for everything.")
    template = deepcopy(template)
    template["Resources"]["StateMachine"]["Properties"]["DefinitionUri"] = "s3://a-bucket/bulk.asl.yaml"
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "s3://a-bucket/code.zip"
    environment = {"PATH": os.environ["PATH"], "AWS_DEFAULT_REGION": "us-east-1"}
    done = subprocess.run(
        [python, "-c", TRANSFORM],
        input=json.dumps(template),
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def references(value: object) -> Iterator[str]:
    """Yield every resource or parameter that a value refers to."""
    match value:
        case {"Ref": str(name)}:
            yield name
        case {"Fn::GetAtt": [str(name), *_]}:
            yield name
        case {"Fn::GetAtt": str(name)}:
            yield name.partition(".")[0]
        case {"Fn::Sub": str(text)}:
            yield from re.findall(r"\$\{([A-Za-z0-9]+)", text)
        case dict():
            for item in value.values():
                yield from references(item)
        case list():
            for item in value:
                yield from references(item)


def find_cycle(template: dict[str, Any]) -> list[str]:
    """Return the names of resources that depend on each other, sorted; an empty list if there are none."""
    resources = template["Resources"]
    needs = {
        name: {other for other in references(resource) if other in resources}
        | set(depends if isinstance(depends := resource.get("DependsOn", []), list) else [depends])
        for name, resource in resources.items()
    }
    while needs and (ready := {name for name, others in needs.items() if not others & needs.keys()}):
        needs = {name: others for name, others in needs.items() if name not in ready}
    return sorted(needs)


def test_template_has_no_cycle() -> None:
    assert find_cycle(load()) == []


def test_template_has_no_cycle_after_the_transform() -> None:
    transformed = transform(load())

    assert "S3FunctionOneFilePermission" in transformed["Resources"]
    assert find_cycle(transformed) == []


@pytest.mark.parametrize("where", ["role", "variable"])
def test_cycle_is_found_when_the_inbox_is_referenced_instead_of_named(where: str) -> None:
    """The cycle: bucket, notification, function, role or variables, bucket."""
    template = load()
    if where == "role":
        statement = template["Resources"]["S3FunctionRole"]["Properties"]["Policies"][1]["PolicyDocument"]["Statement"][
            0
        ]
        statement["Resource"] = {"Fn::Sub": "${InboxBucket.Arn}/inbox/*"}
    else:
        template["Globals"]["Function"]["Environment"]["Variables"]["INBOX_BUCKET"] = {"Ref": "InboxBucket"}

    assert {"InboxBucket", "S3Function"} <= set(find_cycle(transform(template)))


def test_sam_adds_no_role() -> None:
    after = transform(load())["Resources"]
    before = load()["Resources"]

    roles = {name for name, resource in after.items() if resource["Type"] == "AWS::IAM::Role"}
    assert roles == {name for name, resource in before.items() if resource["Type"] == "AWS::IAM::Role"}


def test_every_log_group_has_limited_retention() -> None:
    after = transform(load())["Resources"]

    groups = [resource for resource in after.values() if resource["Type"] == "AWS::Logs::LogGroup"]
    functions = [resource for resource in after.values() if resource["Type"] == "AWS::Lambda::Function"]
    assert len(groups) == len(functions) == 6
    assert all(group["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionDays"} for group in groups)
    assert len({function["Properties"]["LoggingConfig"]["LogGroup"]["Ref"] for function in functions}) == 6
