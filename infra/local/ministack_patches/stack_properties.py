"""Patch of CloudFormation: properties that MiniStack's services know and its CloudFormation skips."""

import importlib
from collections.abc import Callable
from typing import Any

type Properties = dict[str, Any]


def apply() -> None:
    """Replace the functions that create and update roles, functions and stages of an API."""
    provisioners: Any = importlib.import_module("ministack.services.cloudformation.provisioners")
    for kind, keep in (
        ("AWS::IAM::Role", _keep_boundary),
        ("AWS::Lambda::Function", _keep_vpc),
        ("AWS::ApiGateway::Stage", _keep_access_logs),
    ):
        handler = provisioners._RESOURCE_HANDLERS[kind]  # noqa: SLF001 - there is no public way
        handler["create"] = _then(handler["create"], keep, properties_at=1)
        handler["update"] = _then(handler["update"], keep, properties_at=2)


def _then(
    original: Callable[..., Any], keep: Callable[[str, Properties], None], properties_at: int
) -> Callable[..., Any]:
    """Return a function that does the same, and then keeps one more property.

    AWS: each property of a resource has an effect.
    MiniStack: ignores those that its CloudFormation does not list.
    """

    def provision(*args: Any, **options: Any) -> Any:  # noqa: ANN401 - MiniStack's own
        provisioned = original(*args, **options)
        keep(provisioned[0], args[properties_at])
        return provisioned

    return provision


def _keep_boundary(role: str, properties: Properties) -> None:
    """Set the permissions boundary, which MiniStack checks at each call of the role."""
    iam: Any = importlib.import_module("ministack.services.iam")
    iam._roles[role]["PermissionsBoundary"] = properties.get("PermissionsBoundary")  # noqa: SLF001 - as in apply


def _keep_vpc(function: str, properties: Properties) -> None:
    """Set subnets and security groups, which a function reports and MiniStack does not use."""
    functions: Any = importlib.import_module("ministack.services.lambda_svc")
    config = functions._functions[function]["config"]  # noqa: SLF001 - as in apply
    config["VpcConfig"] = functions._vpc_config_with_id(properties.get("VpcConfig"))  # noqa: SLF001 - as in apply


def _keep_access_logs(stage: str, properties: Properties) -> None:
    """Set destination and format of access logs, which a stage reports; MiniStack writes none."""
    api: Any = importlib.import_module("ministack.services.apigateway_v1")
    setting = properties.get("AccessLogSetting") or {}
    camel = {name[0].lower() + name[1:]: value for name, value in setting.items()}
    api._stages_v1[properties["RestApiId"]][stage]["accessLogSettings"] = camel  # noqa: SLF001 - as in apply
