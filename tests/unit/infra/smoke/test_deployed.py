"""The stack that is tried: the URL of its API, its settings and its signed calls, over boto3 without a network."""

from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import NoCredentialsError
from infra.local.api_client import Credentials
from infra.smoke import deployed as module
from infra.smoke.deployed import Deployed

from support.smoke_fakes import aws_error

OUTPUTS = {
    "ApiId": "a1b2",
    "ApiUrl": "https://a1b2.execute-api.eu-central-1.amazonaws.com/v1",
    "HttpFunctionName": "http",
    "QueueFunctionName": "queue",
    "FileQueueUrl": "https://sqs.example/files",
}


@pytest.fixture
def settings() -> dict[str, Any]:
    """What Lambda says of the function that serves the API; an exception is raised."""
    return {"Environment": {"Variables": {"ALLOWED_HOSTS": "a.example", "IMAGE_TYPES": "png", "CONTACT": ""}}}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, settings: dict[str, Any]) -> None:
    class FakeStack:
        images, inbox, outputs = "the-images", "the-inbox", OUTPUTS

        def __init__(self, *_: object) -> None:
            pass

        def client(self, *_: object) -> Any:
            return SimpleNamespace(get_function_configuration=describe)

    def describe(**_: str) -> dict[str, Any]:
        if "error" in settings:
            raise settings["error"]
        return settings

    monkeypatch.setattr(module, "Stack", FakeStack)
    for name, value in {
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_SESSION_TOKEN": "token",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)


@pytest.mark.parametrize(
    ("expected", "endpoint", "variable"),
    [
        ("https://a1b2.execute-api.eu-central-1.amazonaws.com/v1", None, ""),
        ("http://127.0.0.1:4566/_aws/execute-api/a1b2/v1", "http://127.0.0.1:4566/", ""),
        ("http://127.0.0.1:4567/_aws/execute-api/a1b2/v1", None, "http://127.0.0.1:4567"),
    ],
)
def test_api_of_a_local_aws_has_another_url(
    monkeypatch: pytest.MonkeyPatch, expected: str, endpoint: str | None, variable: str
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", variable)
    assert Deployed("dev", endpoint).api_url == expected


def test_settings_are_those_of_the_function_and_else_the_defaults(settings: dict[str, Any]) -> None:
    found = Deployed("dev").variables
    assert (found["ALLOWED_HOSTS"], found["IMAGE_TYPES"], found["MAX_BASE_IMAGES"]) == ("a.example", "png", "100")
    settings["error"] = aws_error("AccessDenied")
    found = Deployed("dev").variables
    assert (found["IMAGE_TYPES"].split(",")[0], found["CONTACT"]) == ("jpeg", "none")


def test_functions_are_named_by_their_outputs() -> None:
    assert Deployed("dev").functions() == {"Http": "http", "Queue": "queue"}


@pytest.mark.parametrize("is_signed", [True, False])
def test_call_is_signed_with_temporary_credentials(monkeypatch: pytest.MonkeyPatch, *, is_signed: bool) -> None:
    sent: dict[str, Any] = {}
    monkeypatch.setattr(module, "send_request", lambda *words, **rest: sent.update(rest, words=words))

    Deployed("dev").call("POST", "/files", b"{}", prefer="respond-async", is_signed=is_signed)

    assert sent["words"] == ("POST", f"{OUTPUTS['ApiUrl']}/files", b"{}")
    assert sent["credentials"] == (Credentials("key", "secret", "token") if is_signed else None)
    assert (sent["region"], sent["headers"]) == ("eu-central-1", {"Prefer": "respond-async"})


def test_call_without_credentials_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    deployed = Deployed("dev")
    monkeypatch.setattr(boto3.Session, "get_credentials", lambda _: None)
    with pytest.raises(NoCredentialsError):
        deployed.call("GET", "/files/a")


def test_presigned_url_leads_to_the_region_of_the_bucket() -> None:
    url = Deployed("dev").presign("smoke/smoke-1/a.jpg")
    assert url.startswith("https://the-inbox.s3.eu-central-1.amazonaws.com/smoke/smoke-1/a.jpg?X-Amz-Algorithm=AWS4")
    assert "X-Amz-Expires=900" in url
