"""The check of region and credentials before `make deploy` builds, against an STS on loopback."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from infra.deploy.__main__ import main
from infra.deploy.account import Account, AccountError, identify

IDENTITY = """<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Arn>arn:aws:iam::123456789012:user/ops</Arn><UserId>ops</UserId><Account>123456789012</Account>
</GetCallerIdentityResult></GetCallerIdentityResponse>"""
FAULT = """<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>
<Code>{code}</Code><Message>from STS</Message></Error></ErrorResponse>"""


@contextmanager
def sts(status: int, body: str) -> Iterator[str]:
    """An STS that answers every call with the same response; its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """A user with region and credentials, and no configuration of AWS in files."""
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN", "AWS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a-secret")
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:1")
    return monkeypatch


def test_identify_returns_account_region_and_caller(environment: pytest.MonkeyPatch) -> None:
    with sts(200, IDENTITY) as url:
        environment.setenv("AWS_ENDPOINT_URL_STS", url)

        assert identify() == Account("123456789012", "eu-central-1", "arn:aws:iam::123456789012:user/ops")


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("ExpiredToken", "The AWS credentials have expired. Sign in again"),
        ("InvalidClientTokenId", "AWS rejects the credentials (InvalidClientTokenId)."),
        ("SignatureDoesNotMatch", "AWS rejects the credentials (SignatureDoesNotMatch)."),
        ("RegionDisabledException", "AWS answered RegionDisabledException: from STS"),
    ],
)
def test_identify_explains_what_sts_rejects(environment: pytest.MonkeyPatch, code: str, expected: str) -> None:
    with sts(403, FAULT.format(code=code)) as url:
        environment.setenv("AWS_ENDPOINT_URL_STS", url)

        with pytest.raises(AccountError) as error:
            identify()
    assert str(error.value).startswith(expected)


@pytest.mark.parametrize(
    ("missing", "expected"),
    [
        (["AWS_DEFAULT_REGION"], "No AWS region is set. Set one: export AWS_REGION="),
        (["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"], "No AWS credentials were found. Sign in"),
        (["AWS_SECRET_ACCESS_KEY"], "The AWS credentials or the region cannot be used: Partial credentials found"),
        ([], "AWS cannot be reached: Could not connect to the endpoint URL"),
    ],
)
def test_identify_explains_what_the_environment_lacks(
    environment: pytest.MonkeyPatch, missing: list[str], expected: str
) -> None:
    for name in missing:
        environment.delenv(name)

    with pytest.raises(AccountError) as error:
        identify()

    assert str(error.value).startswith(expected)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("AWS_PROFILE", "nobody", "The config profile (nobody) could not be found. List those that exist: "),
        ("AWS_DEFAULT_REGION", "eu_central!", "The AWS credentials or the region cannot be used: "),
    ],
)
def test_identify_explains_a_wrong_profile_or_region(
    environment: pytest.MonkeyPatch, name: str, value: str, expected: str
) -> None:
    environment.setenv(name, value)

    with pytest.raises(AccountError) as error:
        identify()

    assert str(error.value).startswith(expected)


def test_deploy_says_where_the_stack_goes(environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with sts(200, IDENTITY) as url:
        environment.setenv("AWS_ENDPOINT_URL_STS", url)

        assert main("dev") == 0

    assert capsys.readouterr().out == (
        "Deploying the stack dev to account 123456789012, eu-central-1, as arn:aws:iam::123456789012:user/ops\n"
    )


@pytest.mark.parametrize("stack", ["", "9dev", "dev_1", "-dev", "d" * 129, "dev prod"])
def test_deploy_rejects_a_wrong_stack_name_before_it_asks_aws(capsys: pytest.CaptureFixture[str], stack: str) -> None:
    assert main(stack) == 1
    assert capsys.readouterr().err.startswith(f"make deploy: STACK={stack} is not a stack name: expected a letter")
