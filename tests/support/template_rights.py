"""The permissions that a template gives to its roles, written as in expected_rights.py."""

from typing import Any

_BUCKET = "arn:${AWS::Partition}:s3:::${"


def as_list(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]


def resource_name(resource: object) -> str:
    """Write a resource by its logical name where it has one."""
    match resource:
        case {"Fn::GetAtt": str(name)} | {"Ref": str(name)}:
            return name.removesuffix(".Arn")
        case {"Fn::Sub": [str(text), dict()]}:
            return text
        case {"Fn::Sub": str(text)} if text.startswith(("${", _BUCKET)):
            name = text.removeprefix(_BUCKET).removeprefix("${")
            return name.replace(".Arn}", "", 1).replace("}", "", 1)
        case {"Fn::Sub": str(text)}:
            return text
        case _:
            return str(resource)


def rights(document: dict[str, Any]) -> set[str]:
    """Return the permissions that a policy allows."""
    found = set()
    for statement in document["Statement"]:
        if statement["Effect"] == "Allow":
            condition = f" if {statement['Condition']}" if "Condition" in statement else ""
            for action in as_list(statement["Action"]):
                names = map(resource_name, as_list(statement["Resource"]))
                found |= {f"{action} {name}{condition}" for name in names}
    return found


def policies_of_role(resources: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """Return the policy documents of a role, from wherever they are attached."""
    properties = resources[name]["Properties"]
    documents = [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
    documents += [
        resources[ref["Ref"]]["Properties"]["PolicyDocument"] for ref in properties.get("ManagedPolicyArns", [])
    ]
    for resource in resources.values():
        if resource["Type"] == "AWS::IAM::Policy" and {"Ref": name} in resource["Properties"]["Roles"]:
            documents.append(resource["Properties"]["PolicyDocument"])
    return documents


def rights_of_role(resources: dict[str, Any], name: str) -> set[str]:
    """Collect the permissions of a role from all its policies."""
    return set().union(*map(rights, policies_of_role(resources, name)))
