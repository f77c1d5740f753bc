"""The template after the SAM transform, and the references between its resources."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from infra.build.template_file import ROOT

_TRANSFORM = """
import json, sys
from samtranslator.translator.transform import transform
from samtranslator.public.translator import ManagedPolicyLoader
print(json.dumps(transform(json.load(sys.stdin), {"AWS::Region": sys.argv[1]}, ManagedPolicyLoader(None))))
"""


def transform(template: dict[str, Any], region: str = "us-east-1") -> dict[str, Any]:
    """Transform the template for a region, with the translator that SAM itself uses."""
    python = ROOT / ".local" / "ministack" / "bin" / "python"
    if not python.exists():
        pytest.fail("The SAM translator is not installed: run `make install`, or `make test` for everything.")
    template = deepcopy(template)
    template["Resources"]["StateMachine"]["Properties"]["DefinitionUri"] = "s3://a-bucket/bulk.asl.yaml"
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "s3://a-bucket/code.zip"
    environment = {"PATH": os.environ["PATH"], "AWS_DEFAULT_REGION": region}
    done = subprocess.run(
        [python, "-c", _TRANSFORM, region],
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
        case {"Fn::Sub": [str(text), dict(variables)]}:
            yield from set(re.findall(r"\$\{([A-Za-z0-9]+)", text)) - variables.keys()
            yield from references(variables)
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
