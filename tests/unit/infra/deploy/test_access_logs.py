"""The check of ApiAccessLogs=on before `make deploy` builds, against an API Gateway on loopback."""

import json

import pytest
from infra.deploy.access_logs import AccessLogsError, check_access_logs
from infra.deploy.account import Account

from support.aws_stand_in import aws_stand_in

ACCOUNT = Account("123456789012", "eu-central-1", "arn:aws:iam::123456789012:user/ops")
ROLE = {"cloudwatchRoleArn": "arn:aws:iam::123456789012:role/api-gateway-logs"}


def check(environment: pytest.MonkeyPatch, status: int, settings: dict[str, str], switch: str = "on") -> None:
    with aws_stand_in(status, json.dumps(settings)) as url:
        environment.setenv("AWS_ENDPOINT_URL_API_GATEWAY", url)
        check_access_logs(ACCOUNT, {"ApiAccessLogs": switch})


def test_access_logs_are_refused_when_api_gateway_has_no_role(environment: pytest.MonkeyPatch) -> None:
    with pytest.raises(AccessLogsError, match="account 123456789012 does not have in eu-central-1") as refused:
        check(environment, 200, {})
    assert "See who called the API" in str(refused.value)


@pytest.mark.parametrize(
    ("status", "settings", "switch"),
    [(200, ROLE, "on"), (200, {}, "off"), (403, {"message": "denied"}, "on")],
    ids=["with a role", "switched off", "not readable"],
)
def test_access_logs_are_accepted_when_nothing_speaks_against_them(
    environment: pytest.MonkeyPatch, status: int, settings: dict[str, str], switch: str
) -> None:
    check(environment, status, settings, switch)
