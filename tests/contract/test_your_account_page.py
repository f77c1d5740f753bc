"""docs/your-account.md matches the template: rights, lifecycle rules, key policy, parameters."""

import json
import re
import tomllib
from collections.abc import Iterator
from typing import Any

from infra.build.template_file import ROOT, load

from support.expected_rights import (
    KEY_RIGHTS,
    MAP_KEY_RIGHTS,
    NETWORK_RIGHTS,
    ROLES,
    SECRET_RIGHTS,
    SOURCE_KEY_RIGHTS,
    SOURCE_RIGHTS,
)
from support.resolved_template import resolve
from support.template_rights import as_list
from support.transformed_template import transform

PAGE = (ROOT / "docs" / "your-account.md").read_text()
TEMPLATE = load()
RESOURCES = resolve(TEMPLATE)["Resources"]
SERVICES = {"ApiGateway": "apigateway", "CloudFormation": "cloudformation", "CloudWatch": "cloudwatch", "IAM": "iam"}
SERVICES |= {"Events": "events", "Lambda": "lambda", "Logs": "logs", "S3": "s3", "SNS": "sns", "SQS": "sqs"}
SERVICES |= {"StepFunctions": "states"}
"""The prefixes of actions, by the services in types of resources."""


def document(name: str) -> Any:
    """Return the JSON that a command of the page writes to a file."""
    return json.loads(PAGE.partition(f"cat >{name} <<'END'\n")[2].partition("\nEND\n")[0])


def test_boundary_of_the_page_allows_what_the_roles_use_and_nothing_else() -> None:
    allowed = [action for statement in document("boundary.json")["Statement"] for action in statement["Action"]]
    switched = (KEY_RIGHTS, MAP_KEY_RIGHTS, NETWORK_RIGHTS, SOURCE_RIGHTS, SOURCE_KEY_RIGHTS, SECRET_RIGHTS)
    used = {right.split()[0] for rights in (*ROLES.values(), *switched) for right in rights}

    assert sorted(allowed) == sorted(used)


def test_deploy_policy_of_the_page_covers_every_service_of_the_template() -> None:
    actions = [action for each in document("deploy-policy.json")["Statement"] for action in each["Action"]]
    types = {each["Type"] for name in ("template.yaml", "infra/observability.yaml") for each in transformed(name)}

    assert {SERVICES[kind.split("::")[1]] for kind in types} <= {action.partition(":")[0] for action in actions}


def transformed(name: str) -> Iterator[dict[str, Any]]:
    """Yield the resources of a template after the SAM transform."""
    template = load(ROOT / name)
    yield from (transform(template) if "Transform" in template else template)["Resources"].values()


def test_page_has_the_lifecycle_rules_of_the_image_bucket() -> None:
    expected = [
        {"ID": rule["Id"], "Status": rule["Status"], "Filter": {"Prefix": rule.get("Prefix", "")}}
        | ({"Expiration": {"Days": rule["ExpirationInDays"]}} if "ExpirationInDays" in rule else {})
        | {name: value for name, value in rule.items() if name == "AbortIncompleteMultipartUpload"}
        for rule in RESOURCES["ImageBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    ]
    assert document("lifecycle.json")["Rules"] == expected


def test_page_asks_to_expire_old_versions_of_what_expires() -> None:
    rules = RESOURCES["ImageBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    [sentence] = re.findall(r"a rule with `NoncurrentVersionExpiration` for ([^:]*):", PAGE)

    assert {rule["Prefix"] for rule in rules if "ExpirationInDays" in rule} <= set(re.findall(r"`(\w+/)`", sentence))


def test_page_names_every_prefix_that_the_roles_may_use() -> None:
    prefixes = {
        found for rights in ROLES.values() for right in rights for found in re.findall(r"ImageBucket/(\w+/)", right)
    }
    [sentence] = re.findall(r"The functions read and write ([^.]*)\.", PAGE)

    assert set(re.findall(r"`(\w+/)`", sentence)) == prefixes


def test_key_policy_admits_the_services_that_use_the_key() -> None:
    statements = document("statements.json")
    services = [service.split(".")[0] for each in statements for service in as_list(each["Principal"]["Service"])]
    kinds = {resource["Type"] for resource in RESOURCES.values()}

    assert {"AWS::Logs::LogGroup", "AWS::SQS::Queue", "AWS::Events::Rule"} <= kinds
    assert sorted(services) == ["events", "logs", "s3", "sns"]
    assert all("Condition" in each for each in statements)


def test_page_names_the_inbox_bucket_and_the_options_of_sam_as_they_are() -> None:
    parts = RESOURCES["InboxBucket"]["Properties"]["BucketName"]["Fn::Join"][1]
    config = tomllib.loads((ROOT / "samconfig.toml").read_text())

    assert f"arn:aws:s3:::{parts[0]}-*/*" in PAGE
    assert config["default"]["deploy"]["parameters"]["resolve_s3"] is True


def test_page_has_a_command_for_every_parameter_of_an_account() -> None:
    [group] = [
        group["Parameters"]
        for group in TEMPLATE["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
        if group["Label"]["default"] == "Rules of your account"
    ]
    commands = " ".join(re.findall(r'PARAMETERS="([^"]+)"', PAGE))

    assert [name for name in group if f"{name}=" not in commands] == []
