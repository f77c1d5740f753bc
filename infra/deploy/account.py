"""Identifies the AWS account, region and caller of a deployment."""

from dataclasses import dataclass

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004 - botocore's name
    HTTPClientError,
    NoCredentialsError,
    ProfileNotFound,
)

CONFIG = Config(connect_timeout=5, read_timeout=10, retries={"mode": "standard", "max_attempts": 2})
_EXPIRED = {"ExpiredToken", "ExpiredTokenException"}
_REJECTED = {"InvalidClientTokenId", "SignatureDoesNotMatch", "UnrecognizedClientException", "AuthFailure"}


class AccountError(Exception):
    """The account cannot be identified; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Account:
    """The account that the credentials belong to.

    Attributes:
        number: the account id, 12 digits.
        region: the region that calls go to.
        caller: ARN of the user or role.
    """

    number: str
    region: str
    caller: str


def identify() -> Account:
    """Ask AWS STS for the caller, with the credentials and the region of the environment.

    Raises:
        AccountError: there is no region, there are no credentials, AWS rejects them, or AWS cannot be reached.
    """
    try:
        session = boto3.Session()
        if not session.region_name:
            raise AccountError(
                "No AWS region is set. Set one: export AWS_REGION=eu-central-1\n"
                "or choose a profile that has one: export AWS_PROFILE=name"
            )
        caller = session.client("sts", config=CONFIG).get_caller_identity()
    except (BotoCoreError, ClientError, ValueError) as error:
        raise AccountError(_explain(error)) from error
    return Account(caller["Account"], session.region_name, caller["Arn"])


def _explain(error: Exception) -> str:
    """Return what is wrong, and what to do."""
    match error:
        case ProfileNotFound():
            return f"{error}. List those that exist: aws configure list-profiles"
        case NoCredentialsError():
            return (
                "No AWS credentials were found. Sign in (aws sso login, or aws configure), choose a profile\n"
                "(export AWS_PROFILE=name), or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
            )
        case ConnectionError() | HTTPClientError():
            return f"AWS cannot be reached: {error}\nCheck the network, and the name of the region."
        case ClientError():
            return _explain_response(error)
    return f"The AWS credentials or the region cannot be used: {error}"


def _explain_response(error: ClientError) -> str:
    details = error.response["Error"]
    code = details.get("Code", "")
    if code in _EXPIRED:
        return "The AWS credentials have expired. Sign in again, for example with: aws sso login"
    if code in _REJECTED:
        return (
            f"AWS rejects the credentials ({code}). Check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE."
        )
    return f"AWS answered {code}: {details.get('Message', '')}"
