"""The rights that no role may have, over IAM in memory."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from infra.smoke.check import CheckFailed, CheckSkipped
from infra.smoke.rights import forbidden_rights, rights_check

from support.smoke_fakes import FakeDeployed, aws_error

MACHINE = "arn:aws-cn:states:cn-north-1:111122223333:stateMachine:bulk"


@dataclass
class FakeIam:
    """IAM and Lambda, with a role that may do some actions."""

    allowed: set[str] = field(default_factory=set)
    error: str = ""
    tried: int = 0

    def get_function_configuration(self, FunctionName: str) -> dict[str, str]:  # noqa: N803 - the names of boto3
        if self.error == "ResourceNotFoundException":
            raise aws_error(self.error)
        return {"Role": f"role of {FunctionName}"}

    def simulate_principal_policy(self, **parameters: Any) -> dict[str, Any]:
        role, actions, [resource] = (parameters[name] for name in ("PolicySourceArn", "ActionNames", "ResourceArns"))
        if self.error:
            raise aws_error(self.error, "SimulatePrincipalPolicy")
        assert (role, resource[:11]) == ("role of http", "arn:aws-cn:")
        self.tried += len(actions)
        decisions = {action: "allowed" if action in self.allowed else "implicitDeny" for action in actions}
        return {"EvaluationResults": [{"EvalActionName": a, "EvalDecision": d} for a, d in decisions.items()]}


def deploy(iam: FakeIam) -> FakeDeployed:
    return FakeDeployed(iam=iam, lambda_=iam, stack=SimpleNamespace(machine=MACHINE))


def check(iam: FakeIam) -> str:
    return rights_check(deploy(iam)).run()  # type: ignore[arg-type]


def test_role_without_any_of_the_rights_is_accepted() -> None:
    iam = FakeIam()
    assert check(iam) == "1 roles"
    assert iam.tried == sum(map(len, forbidden_rights(deploy(iam)).values())) > 10  # type: ignore[arg-type]


@pytest.mark.parametrize("action", ["s3:DeleteObject", "iam:PassRole", "lambda:UpdateFunctionCode"])
def test_right_that_no_function_needs_is_named(action: str) -> None:
    with pytest.raises(CheckFailed, match=f"Http: {action} on arn:aws-cn:"):
        check(FakeIam({action}))


def test_many_rights_are_counted() -> None:
    with pytest.raises(CheckFailed, match=r"(Http: [^;]+; ){4}and 4 more\.$"):
        check(FakeIam({"s3:GetObject", "s3:PutObject", "s3:DeleteObject"}))


def test_rights_are_skipped_where_the_viewer_may_not_ask() -> None:
    with pytest.raises(CheckSkipped, match="may not call SimulatePrincipalPolicy"):
        check(FakeIam(error="AccessDenied"))


def test_rights_of_a_function_that_does_not_exist_are_not_tried() -> None:
    assert check(FakeIam(error="ResourceNotFoundException")) == "0 roles"
