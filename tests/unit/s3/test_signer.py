"""`Signer`: which endpoint requests go to, and signatures that equal those of botocore."""

import logging
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import RefreshableCredentials
from botocore.exceptions import ClientError, CredentialRetrievalError
from botocore.session import get_session
from hypothesis import given
from hypothesis import strategies as st

from intake.model.error_codes import StoreFailed
from intake.s3.signer import SignedUrl, Signer

_DATA = get_session().get_component("data_loader")


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    return monkeypatch


def session(region: str) -> boto3.Session:
    return boto3.Session(aws_access_key_id="key", aws_secret_access_key="secret", region_name=region)


@pytest.mark.parametrize(
    ("origin", "region"),
    [
        ("https://the-images.s3.amazonaws.com", "us-east-1"),
        ("https://the-images.s3.eu-central-1.amazonaws.com", "eu-central-1"),
        ("https://the-images.s3.ap-south-2.amazonaws.com", "ap-south-2"),
        ("https://the-images.s3.cn-north-1.amazonaws.com.cn", "cn-north-1"),
    ],
)
@pytest.mark.usefixtures("environment")
def test_signer_uses_the_endpoint_of_the_region(origin: str, region: str) -> None:
    signed = Signer(session(region), "the-images").sign("PUT", "images/ab/c d.jpg", {})
    assert (origin, "/images/ab/c%20d.jpg") == (signed.origin, signed.target.partition("?")[0])
    [credential] = parse_qs(urlsplit(signed.target).query)["X-Amz-Credential"]
    assert credential.endswith(f"/{region}/s3/aws4_request")


@pytest.mark.parametrize(
    ("origin", "path", "bucket", "region"),
    [
        ("https://my-photos.s3.us-west-2.amazonaws.com", "/a.jpg", "my-photos", "us-west-2"),
        ("https://s3.us-west-2.amazonaws.com", "/my.photos/a.jpg", "my.photos", "us-west-2"),
        ("https://my-photos.s3.eu-central-1.amazonaws.com", "/a.jpg", "my-photos", None),
    ],
)
@pytest.mark.usefixtures("environment")
def test_signer_signs_for_another_region(origin: str, path: str, bucket: str, region: str | None) -> None:
    signer = Signer(session("eu-central-1"), bucket, region)
    signed = signer.sign("GET", "a.jpg", {})
    assert (signed.origin, signed.target.partition("?")[0]) == (origin, path)
    assert f"%2F{signer.region}%2Fs3%2F" in signed.target
    assert signer.region == (region or "eu-central-1")


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:9000", "http://localhost:4566", "https://s3.example:8443"])
def test_signer_uses_the_configured_endpoint_with_the_bucket_in_the_path(
    environment: pytest.MonkeyPatch, endpoint: str
) -> None:
    environment.setenv("AWS_ENDPOINT_URL_S3", endpoint)
    signed = Signer(session("eu-central-1"), "the-images").sign("GET", "receipts/a.json", {})
    assert (endpoint, "/the-images/receipts/a.json") == (signed.origin, signed.target.partition("?")[0])


def test_signer_ignores_the_configured_endpoint_when_told_to(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9000")
    environment.setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")
    signed = Signer(session("eu-central-1"), "the-images").sign("GET", "receipts/a.json", {})
    assert signed.origin == "https://the-images.s3.eu-central-1.amazonaws.com"
    assert signed.target.partition("?")[0] == "/receipts/a.json"


def sign_with_botocore(own: boto3.Session, method: str, signed: SignedUrl, headers: dict[str, str]) -> Any:
    """Return the query that botocore's own signer makes of the same request at the same time."""
    [date] = parse_qs(urlsplit(signed.target).query)["X-Amz-Date"]
    time = datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    path, _, query = signed.target.partition("?")
    version = {name: text for name, [text] in parse_qs(query).items() if name == "versionId"}
    request = AWSRequest(method, signed.origin + path, headers, params=version)
    with pytest.MonkeyPatch.context() as clock:
        clock.setattr("botocore.auth.get_current_datetime", lambda: time)
        credentials = own.get_credentials()
        assert credentials is not None
        S3SigV4QueryAuth(credentials, "s3", "eu-central-1", expires=300).add_auth(request)
    return parse_qs(urlsplit(str(request.url)).query)


@given(
    method=st.sampled_from(["GET", "HEAD", "PUT"]),
    key=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30),
    headers=st.dictionaries(
        st.sampled_from(["Content-Type", "If-None-Match", "If-Match", "Range", "x-amz-checksum-sha256"]),
        st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=20),
    ),
    token=st.sampled_from([None, "t/+=~ token"]),
    version=st.sampled_from(["", "null", "3sL4kqtJ.lcp_Xro-DT~D+m/J=? "]),
    secret=st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=40),
)
def test_signer_makes_the_signature_of_botocore(
    *, method: str, key: str, headers: dict[str, str], token: str | None, version: str, secret: str
) -> None:
    core = get_session()
    core.register_component("data_loader", _DATA)  # reads the model of S3 once, not for each example
    own = boto3.Session("key/+", secret, token, region_name="eu-central-1", botocore_session=core)
    signed = Signer(own, "the-images").sign(method, key, headers, version)

    assert sign_with_botocore(own, method, signed, headers) == parse_qs(urlsplit(signed.target).query)


@pytest.mark.parametrize("endpoint", ["http://s3.example:80", "https://s3.example:443", "http://S3.Example:9000"])
def test_signer_signs_host_in_lower_case_without_default_port(environment: pytest.MonkeyPatch, endpoint: str) -> None:
    environment.setenv("AWS_ENDPOINT_URL_S3", endpoint)
    own = session("eu-central-1")
    signed = Signer(own, "the-images").sign("GET", "a", {})

    assert sign_with_botocore(own, "GET", signed, {}) == parse_qs(urlsplit(signed.target).query)


def test_no_log_line_contains_a_signed_url_at_any_level(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("botocore"), "level", logging.NOTSET)
    caplog.set_level(logging.DEBUG)
    own = boto3.Session("key", "secret", "canary-token", region_name="eu-central-1")
    assert "X-Amz-Security-Token=canary-token" in Signer(own, "the-images").sign("GET", "a", {}).target
    assert "canary-token" not in caplog.text
    assert "X-Amz-Credential" not in caplog.text


@pytest.mark.usefixtures("environment")
def test_signer_uses_renewed_credentials_when_the_old_ones_expire() -> None:
    issued: list[str] = []

    def renew() -> dict[str, Any]:
        issued.append(f"key{len(issued)}")
        # Expires at once: boto3 renews it before the next use.
        expiry = datetime.now(UTC) + timedelta(seconds=1)
        return {"access_key": issued[-1], "secret_key": "s", "token": "t", "expiry_time": expiry.isoformat()}

    inner = get_session()
    credentials = RefreshableCredentials.create_from_metadata(renew(), renew, "test")
    inner._credentials = credentials  # type: ignore[attr-defined]  # boto3 has no public way to set them
    signer = Signer(boto3.Session(botocore_session=inner, region_name="eu-central-1"), "the-images")
    keys = [parse_qs(urlsplit(signer.sign("GET", "a", {}).target).query)["X-Amz-Credential"][0] for _ in range(2)]
    assert keys[0].split("/")[0] != keys[1].split("/")[0]


class _Credentials:
    """Credentials that cannot be renewed."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def get_frozen_credentials(self) -> None:
        raise self._error


@pytest.mark.parametrize(
    ("key", "region", "reason"),
    [(None, "eu-central-1", "NoCredentialsError"), ("key", "not a region", "InvalidRegionError")],
)
def test_signer_fails_when_it_cannot_be_configured(
    environment: pytest.MonkeyPatch, key: str | None, region: str, reason: str
) -> None:
    environment.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        environment.delenv(name, raising=False)
    with pytest.raises(StoreFailed) as caught:
        Signer(boto3.Session(key, key, region_name=region), "the-images")
    assert (caught.value.reason or "").startswith(f"cannot sign: {reason}")


@pytest.mark.parametrize(
    ("reason", "error"),
    [
        (
            "CredentialRetrievalError: Error when retrieving credentials from test: gone",
            CredentialRetrievalError(provider="test", error_msg="gone"),
        ),
        (
            "ClientError: An error occurred (AccessDenied) when calling the AssumeRole operation: no",
            ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "AssumeRole"),
        ),
        ("FileNotFoundError: gone", FileNotFoundError("gone")),
    ],
)
def test_signer_fails_when_credentials_cannot_be_renewed(
    reason: str, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    signer = Signer(session("eu-central-1"), "the-images")
    monkeypatch.setattr(signer, "_credentials", _Credentials(error))
    with pytest.raises(StoreFailed) as caught:
        signer.sign("GET", "images/a.jpg", {})
    assert caught.value.reason == f"cannot sign: {reason}"
