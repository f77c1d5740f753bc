"""The templates work in each partition of AWS: commercial, GovCloud and China."""

import re
import subprocess
from typing import Any

import pytest
from infra.build.template_file import ROOT, load

from support.transformed_template import transform

MAKEFILE = (ROOT / "Makefile").read_text()
[REGIONS] = [line.split() for line in re.findall(r"^REGIONS := (.*)$", MAKEFILE, re.MULTILINE)]
OBSERVABILITY = load(ROOT / "infra" / "observability.yaml")
# Service principals that are the same in every partition.
PRINCIPALS = {f"{service}.amazonaws.com" for service in ("apigateway", "events", "lambda", "s3", "sns", "states")}

each_region = pytest.mark.parametrize("region", REGIONS)


def texts(value: object) -> list[str]:
    """Return every text of a template."""
    match value:
        case str():
            return [value]
        case dict():
            return [text for item in (*value.keys(), *value.values()) for text in texts(item)]
        case list():
            return [text for item in value for text in texts(item)]
    return []


def deployed(region: str) -> list[dict[str, Any]]:
    """Return the resources of both templates, those that SAM adds included."""
    return [transform(load(), region)["Resources"], OBSERVABILITY["Resources"]]


def test_regions_are_one_of_each_partition() -> None:
    assert [next(part for part in ("us-gov", "cn", "") if name.startswith(part)) for name in REGIONS] == [
        "",
        "us-gov",
        "cn",
    ]


def test_templates_are_valid_in_every_partition() -> None:
    """`make validate` runs the same command."""
    command = [
        ".local/sam/bin/cfn-lint",
        "--regions",
        *REGIONS,
        "--template",
        "template.yaml",
        "infra/observability.yaml",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert "cfn-lint --regions $(REGIONS) --template template.yaml infra/observability.yaml" in MAKEFILE
    assert (done.returncode, done.stdout) == (0, "")


@each_region
def test_arns_have_the_partition_of_the_region(region: str) -> None:
    partition = {"us-gov": "aws-us-gov", "cn": "aws-cn"}.get(re.sub(r"-?(north|south|east|west).*", "", region), "aws")
    arns = [text for found in deployed(region) for text in texts(found) if text.startswith("arn:")]

    assert arns
    assert {arn.split(":")[1] for arn in arns if ":" in arn[4:]} <= {partition, "${AWS", "${AWS::Partition}"}


@each_region
def test_host_names_have_the_suffix_of_the_partition(region: str) -> None:
    """The only names with amazonaws.com are principals."""
    for found in [*deployed(region), load()["Outputs"]]:
        named = {text for text in texts(found) if "amazonaws" in text}
        assert named <= PRINCIPALS
