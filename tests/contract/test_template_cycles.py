"""No resource waits for itself: not as we wrote it, and not after SAM has made its own resources out of it.

`sam validate` does not see a circle, and a deployment ends with one only after minutes.
"""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from infra.template import ROOT, load

TRANSFORM = """
import json, sys
from samtranslator.translator.transform import transform
from samtranslator.public.translator import ManagedPolicyLoader
print(json.dumps(transform(json.load(sys.stdin), {"AWS::Region": "us-east-1"}, ManagedPolicyLoader(None))))
"""


def transformed(template: dict[str, Any]) -> dict[str, Any]:
    """The template as CloudFormation gets it, by the translator that SAM itself runs."""
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


def named(value: object) -> Iterator[str]:
    """Every resource or parameter that a value refers to."""
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
                yield from named(item)
        case list():
            for item in value:
                yield from named(item)


def circle(template: dict[str, Any]) -> list[str]:
    """One circle of resources, by name, or nothing."""
    resources = template["Resources"]
    needs = {
        name: {other for other in named(resource) if other in resources}
        | set(depends if isinstance(depends := resource.get("DependsOn", []), list) else [depends])
        for name, resource in resources.items()
    }
    while needs and (ready := {name for name, others in needs.items() if not others & needs.keys()}):
        needs = {name: others for name, others in needs.items() if name not in ready}
    return sorted(needs)


def test_nothing_waits_for_itself_as_it_is_written() -> None:
    assert circle(load()) == []


def test_nothing_waits_for_itself_after_the_transform() -> None:
    made = transformed(load())

    assert "S3FunctionOneFilePermission" in made["Resources"]
    assert circle(made) == []


@pytest.mark.parametrize("where", ["role", "variable"])
def test_a_reference_to_the_inbox_where_its_name_stands_would_be_found(where: str) -> None:
    """The circle that this is about: bucket, notification, function, role or variables, bucket."""
    template = load()
    if where == "role":
        statement = template["Resources"]["S3FunctionRole"]["Properties"]["Policies"][1]["PolicyDocument"]["Statement"][
            0
        ]
        statement["Resource"] = {"Fn::Sub": "${InboxBucket.Arn}/inbox/*"}
    else:
        template["Globals"]["Function"]["Environment"]["Variables"]["INBOX_BUCKET"] = {"Ref": "InboxBucket"}

    assert {"InboxBucket", "S3Function"} <= set(circle(transformed(template)))


def test_sam_adds_no_role_of_its_own() -> None:
    made = transformed(load())["Resources"]
    ours = load()["Resources"]

    roles = {name for name, resource in made.items() if resource["Type"] == "AWS::IAM::Role"}
    assert roles == {name for name, resource in ours.items() if resource["Type"] == "AWS::IAM::Role"}


def test_every_log_group_forgets() -> None:
    made = transformed(load())["Resources"]

    groups = [resource for resource in made.values() if resource["Type"] == "AWS::Logs::LogGroup"]
    functions = [resource for resource in made.values() if resource["Type"] == "AWS::Lambda::Function"]
    assert len(groups) == len(functions) == 4
    assert all(group["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionDays"} for group in groups)
    assert len({function["Properties"]["LoggingConfig"]["LogGroup"]["Ref"] for function in functions}) == 4
