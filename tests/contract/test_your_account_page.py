"""docs/your-account.md matches the template: rights, lifecycle rules, key policy, parameters."""

import json
import re
from typing import Any

from infra.build.template_file import ROOT, load

from support.expected_rights import KEY_RIGHTS, NETWORK_RIGHTS, ROLES
from support.resolved_template import resolve

PAGE = (ROOT / "docs" / "your-account.md").read_text()
TEMPLATE = load()
RESOURCES = resolve(TEMPLATE)["Resources"]


def document(name: str) -> dict[str, Any]:
    """Return the JSON that a command of the page writes to a file."""
    found: dict[str, Any] = json.loads(PAGE.partition(f"cat >{name} <<'END'\n")[2].partition("\nEND\n")[0])
    return found


def test_page_lists_every_action_that_a_boundary_must_allow() -> None:
    [listed] = re.findall(r"^```text\n(ec2:.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    used = {right.split()[0] for rights in (*ROLES.values(), KEY_RIGHTS, NETWORK_RIGHTS) for right in rights}

    assert listed.split() == sorted(used)


def test_page_has_the_lifecycle_rules_of_the_image_bucket() -> None:
    expected = [
        {"ID": rule["Id"], "Status": rule["Status"], "Filter": {"Prefix": rule.get("Prefix", "")}}
        | ({"Expiration": {"Days": rule["ExpirationInDays"]}} if "ExpirationInDays" in rule else {})
        | {name: value for name, value in rule.items() if name == "AbortIncompleteMultipartUpload"}
        for rule in RESOURCES["ImageBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    ]
    assert document("lifecycle.json")["Rules"] == expected


def test_page_names_every_prefix_that_the_roles_may_use() -> None:
    prefixes = {
        found for rights in ROLES.values() for right in rights for found in re.findall(r"ImageBucket/(\w+/)", right)
    }
    [sentence] = re.findall(r"The functions read and write ([^.]*)\.", PAGE)

    assert set(re.findall(r"`(\w+/)`", sentence)) == prefixes


def test_key_policy_admits_the_services_that_use_the_key() -> None:
    services = {
        service.split(".")[0]
        for statement in document("key-policy.json")["Statement"]
        for service in as_list(statement["Principal"].get("Service", []))
    }
    kinds = {resource["Type"] for resource in RESOURCES.values()}
    assert {"AWS::Logs::LogGroup", "AWS::SQS::Queue", "AWS::Events::Rule"} <= kinds
    assert services == {"logs", "events", "s3", "sns"}
    assert all(
        "Condition" in each for each in document("key-policy.json")["Statement"] if "Service" in each["Principal"]
    )


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_page_has_a_command_for_every_parameter_of_an_account() -> None:
    [group] = [
        group["Parameters"]
        for group in TEMPLATE["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
        if group["Label"]["default"] == "Rules of your account"
    ]
    commands = " ".join(re.findall(r'PARAMETERS="([^"]+)"', PAGE))

    assert [name for name in group if f"{name}=" not in commands] == []
