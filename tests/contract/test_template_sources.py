"""What the template allows the functions to read of the source buckets: their objects, and nothing else."""

import json
import re

import pytest
from infra.build.template_file import load

from support.expected_rights import ROLES, SOURCE_KEY_RIGHTS, SOURCE_KEYS, SOURCE_RIGHTS, SOURCES, STORE
from support.resolved_template import keeps_rules, resolve
from support.template_rights import rights_of_role
from support.transformed_template import find_cycle, transform

TEMPLATE = load()
BUCKETS = {"SourceBuckets": ",".join(SOURCES)}
KEYS = BUCKETS | {"SourceKmsKeyArns": ",".join(SOURCE_KEYS)}


@pytest.mark.parametrize(
    ("parameters", "added"), [({}, set()), (BUCKETS, SOURCE_RIGHTS), (KEYS, SOURCE_RIGHTS | SOURCE_KEY_RIGHTS)]
)
@pytest.mark.parametrize("partition", ["aws", "aws-cn", "aws-us-gov", "aws-eusc"])
@pytest.mark.parametrize("role", ROLES)
def test_role_that_downloads_reads_the_objects_of_the_sources(
    role: str, partition: str, parameters: dict[str, str], added: set[str]
) -> None:
    found = rights_of_role(resolve(TEMPLATE, {**parameters, "AWS::Partition": partition})["Resources"], role)
    literal = {right.replace(f"arn:{partition}:s3", "arn:${AWS::Partition}:s3") for right in found}

    downloads = ROLES[role] >= STORE
    assert literal == ROLES[role] | (added if downloads else set())


def test_parameters_reach_the_functions_after_the_transform() -> None:
    transformed = transform(TEMPLATE)
    resolved = resolve(transformed, KEYS)
    variables = [
        each["Properties"]["Environment"]["Variables"]["SOURCE_BUCKETS"]
        for each in resolved["Resources"].values()
        if each["Type"] == "AWS::Lambda::Function"
    ]

    assert set(variables) == {BUCKETS["SourceBuckets"]}
    assert find_cycle(resolved) == []
    assert re.findall("my-photos|my.scans", json.dumps(resolve(transformed)["Resources"])) == []


def test_keys_without_buckets_are_refused() -> None:
    assert keeps_rules(TEMPLATE, KEYS)
    assert not keeps_rules(TEMPLATE, {"SourceKmsKeyArns": SOURCE_KEYS[0]})
