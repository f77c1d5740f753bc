"""`SecretReader`: Powertools and boto3 against a Secrets Manager on loopback."""

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from aws_lambda_powertools.utilities.parameters import base

from intake.sources.host_credentials import SecretUnreadable
from intake.sources.secret_reader import SecretReader
from support.secrets_manager import ARN, SecretsManager, secrets_manager

CANARY = "Canary-4f1d"


@pytest.fixture
def manager(monkeypatch: pytest.MonkeyPatch) -> Iterator[SecretsManager]:
    with secrets_manager(monkeypatch) as running:
        running.put(CANARY)
        yield running


def fault_of(reader: SecretReader) -> str:
    with pytest.raises(SecretUnreadable) as caught:
        reader.read(is_forced=False)
    return str(caught.value)


def test_reader_asks_for_the_secret_in_the_region_of_its_arn(
    manager: SecretsManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    assert SecretReader(ARN).read(is_forced=False) == CANARY
    [request] = manager.requests
    assert "/eu-west-1/secretsmanager/aws4_request" in request
    assert f'{{"SecretId": "{ARN}"}}' in request


@pytest.mark.parametrize(
    ("requests", "is_forced", "age"), [(1, False, 0), (1, False, 294), (2, False, 296), (2, True, 0)]
)
def test_secret_is_requested_again_when_it_is_old_or_when_that_is_forced(
    requests: int, age: int, manager: SecretsManager, monkeypatch: pytest.MonkeyPatch, *, is_forced: bool
) -> None:
    reader, later = SecretReader(ARN), datetime.now() + timedelta(seconds=age)  # noqa: DTZ005 - as Powertools does
    reader.read(is_forced=False)
    manager.put("new")
    monkeypatch.setattr(base, "datetime", type("Later", (), {"now": staticmethod(lambda: later)}))
    assert reader.read(is_forced=is_forced) == (CANARY if requests == 1 else "new")
    assert len(manager.requests) == requests


def test_secret_may_be_binary(manager: SecretsManager) -> None:
    manager.value = {"SecretBinary": "eyJhIjogMX0="}
    assert SecretReader(ARN).read(is_forced=False) == b'{"a": 1}'


@pytest.mark.parametrize("code", ["AccessDeniedException", "ResourceNotFoundException", "DecryptionFailure"])
def test_fault_has_the_code_and_the_message_of_aws(code: str, manager: SecretsManager) -> None:
    manager.fail(code, "User: arn:aws:sts::1:assumed-role/r is not authorized")
    fault = fault_of(SecretReader(ARN))
    assert fault.startswith(f"An error occurred ({code}) when calling the GetSecretValue operation: User: arn:aws:sts")
    assert fault.endswith("is not authorized")


def test_fault_says_that_secrets_manager_cannot_be_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    with secrets_manager(monkeypatch):
        pass
    assert fault_of(SecretReader(ARN)).startswith("Could not connect to the endpoint URL")


def test_fault_of_an_answer_without_a_value_does_not_quote_it(manager: SecretsManager) -> None:
    manager.value = {"Name": CANARY}
    assert fault_of(SecretReader(ARN)) == "KeyError"


def test_reader_that_cannot_be_made_says_why(monkeypatch: pytest.MonkeyPatch, manager: SecretsManager) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_SECRETS_MANAGER", "http://a b")
    with pytest.raises(SecretUnreadable, match="Invalid endpoint: http://a b"):
        SecretReader(ARN)
    monkeypatch.setenv("AWS_ENDPOINT_URL_SECRETS_MANAGER", manager.url)
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(SecretUnreadable, match=r"The config profile \(nobody\) could not be found"):
        SecretReader(ARN)
    monkeypatch.delenv("AWS_PROFILE")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:9/")
    monkeypatch.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/dev/null/token")
    with pytest.raises(SecretUnreadable, match="/dev/null/token"):
        SecretReader(ARN)


def test_no_log_line_contains_the_secret_at_any_level(
    manager: SecretsManager, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With LogLevel=DEBUG, Lambda sets the level of the root logger. botocore logs the body of each response there."""
    monkeypatch.setattr(logging.getLogger("botocore"), "level", logging.NOTSET)
    caplog.set_level(logging.DEBUG)
    reader: Any = SecretReader(ARN)
    reader.read(is_forced=False)
    manager.fail("InternalServiceError")
    fault_of(SecretReader(ARN))
    assert CANARY not in caplog.text
