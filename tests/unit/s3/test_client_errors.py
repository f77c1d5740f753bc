"""What S3's answers mean, and where its requests go: the address of the region, or the endpoint that is set."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import RefreshableCredentials
from botocore.session import get_session
from hypothesis import given
from hypothesis import strategies as st

from intake.model.errors import StoreDenied, StoreFailed
from intake.s3.client import refusal
from intake.s3.signer import SignedUrl, Signer


def error(code: str) -> bytes:
    return f'<?xml version="1.0"?><Error><Code>{code}</Code><Message>no</Message></Error>'.encode()


@pytest.mark.parametrize(
    ("expected", "status", "document"),
    [
        (StoreFailed, 503, error("SlowDown")),
        (StoreFailed, 500, error("InternalError")),
        (StoreFailed, 409, error("ConditionalRequestConflict")),
        (StoreFailed, 429, b""),
        (StoreFailed, 502, b"<html>"),
        (StoreFailed, 521, b"<html>"),
        (StoreFailed, 307, error("TemporaryRedirect")),
        (StoreFailed, 400, error("RequestTimeout")),
        (StoreFailed, 400, error("BadDigest")),
        (StoreFailed, 400, error("ExpiredToken")),
        (StoreFailed, 403, error("RequestTimeTooSkewed")),
        (StoreDenied, 403, error("AccessDenied")),
        (StoreDenied, 403, error("SignatureDoesNotMatch")),
        (StoreDenied, 404, error("NoSuchBucket")),
        (StoreDenied, 400, error("InvalidRequest")),
        (StoreDenied, 301, error("PermanentRedirect")),
        (StoreDenied, 501, error("NotImplemented")),
        (StoreDenied, 418, b""),
    ],
)
def test_an_error_of_s3_may_go_away_or_may_not(
    expected: type[StoreFailed | StoreDenied], status: int, document: bytes
) -> None:
    found = refusal(status, document)
    assert expected is type(found)
    assert (found.reason or "").startswith(f"S3 answered {status}")


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
def test_a_bucket_is_asked_at_the_address_of_its_region(origin: str, region: str) -> None:
    signed = Signer(session(region), "the-images").sign("PUT", "images/ab/c d.jpg", {})
    assert (origin, "/images/ab/c%20d.jpg") == (signed.origin, signed.target.partition("?")[0])
    [credential] = parse_qs(urlsplit(signed.target).query)["X-Amz-Credential"]
    assert credential.endswith(f"/{region}/s3/aws4_request")


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:9000", "http://localhost:4566", "https://s3.example:8443"])
def test_an_endpoint_that_is_set_is_asked_with_the_bucket_in_the_path(
    environment: pytest.MonkeyPatch, endpoint: str
) -> None:
    environment.setenv("AWS_ENDPOINT_URL_S3", endpoint)
    signed = Signer(session("eu-central-1"), "the-images").sign("GET", "receipts/a.json", {})
    assert (endpoint, "/the-images/receipts/a.json") == (signed.origin, signed.target.partition("?")[0])


def test_an_endpoint_that_is_to_be_ignored_is_ignored(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9000")
    environment.setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")
    signed = Signer(session("eu-central-1"), "the-images").sign("GET", "receipts/a.json", {})
    assert (
        signed.origin,
        signed.target.partition("?")[0],
    ) == ("https://the-images.s3.eu-central-1.amazonaws.com", "/receipts/a.json")


def as_botocore_signs(own: boto3.Session, method: str, signed: SignedUrl, headers: dict[str, str]) -> Any:
    """The query that botocore's own signer makes of the same request, at the same moment."""
    [date] = parse_qs(urlsplit(signed.target).query)["X-Amz-Date"]
    moment = datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    request = AWSRequest(method, signed.origin + signed.target.partition("?")[0], headers)
    with pytest.MonkeyPatch.context() as clock:
        clock.setattr("botocore.auth.get_current_datetime", lambda: moment)
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
    secret=st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=40),
)
def test_the_signature_is_the_one_that_botocore_makes(
    method: str, key: str, headers: dict[str, str], token: str | None, secret: str
) -> None:
    own = boto3.Session("key/+", secret, token, region_name="eu-central-1")
    signed = Signer(own, "the-images").sign(method, key, headers)

    assert as_botocore_signs(own, method, signed, headers) == parse_qs(urlsplit(signed.target).query)


@pytest.mark.parametrize("endpoint", ["http://s3.example:80", "https://s3.example:443", "http://S3.Example:9000"])
def test_the_host_is_signed_as_it_goes_out(environment: pytest.MonkeyPatch, endpoint: str) -> None:
    """In lower case, without the scheme's own port."""
    environment.setenv("AWS_ENDPOINT_URL_S3", endpoint)
    own = session("eu-central-1")
    signed = Signer(own, "the-images").sign("GET", "a", {})

    assert as_botocore_signs(own, "GET", signed, {}) == parse_qs(urlsplit(signed.target).query)


@pytest.mark.usefixtures("environment")
def test_credentials_are_renewed_by_boto3_when_they_run_out() -> None:
    issued: list[str] = []

    def renew() -> dict[str, Any]:
        issued.append(f"key{len(issued)}")
        # One that is over at once: boto3 asks again before the next use.
        expiry = datetime.now(UTC) + timedelta(seconds=1)
        return {"access_key": issued[-1], "secret_key": "s", "token": "t", "expiry_time": expiry.isoformat()}

    inner = get_session()
    credentials = RefreshableCredentials.create_from_metadata(renew(), renew, "test")
    inner._credentials = credentials  # type: ignore[attr-defined]  # there is no public way to set them
    signer = Signer(boto3.Session(botocore_session=inner, region_name="eu-central-1"), "the-images")
    keys = [parse_qs(urlsplit(signer.sign("GET", "a", {}).target).query)["X-Amz-Credential"][0] for _ in range(2)]
    assert keys[0].split("/")[0] != keys[1].split("/")[0]
