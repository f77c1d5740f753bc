"""Checks `ApiAccessLogs=on` before a deployment: API Gateway needs a role that is set once for each region."""

from collections.abc import Mapping

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from infra.deploy.account import CONFIG, Account


class AccessLogsError(Exception):
    """API Gateway cannot write access logs in the account; the text says what to do."""


def check_access_logs(account: Account, parameters: Mapping[str, str]) -> None:
    """Check that API Gateway has its role, if the parameters ask for access logs. What cannot be read is left to sam.

    Args:
        account: the account and the region of the stack.
        parameters: those that sam gets.

    Raises:
        AccessLogsError: the account has no such role in the region.
    """
    if parameters.get("ApiAccessLogs") != "on":
        return
    try:
        settings = boto3.Session().client("apigateway", config=CONFIG).get_account()
    except (BotoCoreError, ClientError):
        return
    if not settings.get("cloudwatchRoleArn"):
        raise AccessLogsError(
            f"ApiAccessLogs=on needs a role for API Gateway, which account {account.number} does not have in"
            f" {account.region}.\ndocs/your-account.md shows how to create it (See who called the API)."
        )
