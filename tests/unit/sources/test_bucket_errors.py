"""What error responses of S3 mean for an image of a source bucket."""

from collections.abc import Mapping

import pytest

from intake.sources.bucket_errors import find_region, to_bucket_error

DELETE_MARKER = {"x-amz-delete-marker": "true"}


def body_of(code: str, *members: str) -> bytes:
    return f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>no</Message>{''.join(members)}</Error>".encode()


@pytest.mark.parametrize(
    ("expected", "status", "body"),
    [
        ("not_found", 404, body_of("NoSuchKey")),
        ("not_found", 404, body_of("NoSuchVersion")),
        ("not_found", 404, body_of("NoSuchBucket")),
        ("not_found", 404, b""),
        ("access_denied", 403, body_of("AccessDenied")),
        ("access_denied", 403, body_of("AllAccessDisabled")),
        ("access_denied", 401, b"<html>"),
        ("access_denied", 403, body_of("InvalidObjectState")),
        ("access_denied", 400, body_of("KMS.DisabledException")),
        ("access_denied", 400, body_of("KMS.NotFoundException")),
        ("credentials_unavailable", 400, body_of("ExpiredToken")),
        ("credentials_unavailable", 400, body_of("InvalidToken")),
        ("credentials_unavailable", 403, body_of("InvalidAccessKeyId")),
        ("credentials_unavailable", 403, body_of("SignatureDoesNotMatch")),
        ("credentials_unavailable", 403, body_of("RequestTimeTooSkewed")),
        ("credentials_unavailable", 403, body_of("AccessDenied", "<ServerTime>2026-11-22T12:00:00Z</ServerTime>")),
        ("http_server_error", 400, body_of("RequestTimeout")),
        ("http_server_error", 409, body_of("OperationAborted")),
        ("http_server_error", 307, body_of("TemporaryRedirect")),
        ("http_client_error", 301, body_of("PermanentRedirect")),
        ("http_client_error", 400, body_of("InvalidRequest")),
        ("http_client_error", 405, body_of("MethodNotAllowed")),
        ("http_client_error", 302, b""),
    ],
)
def test_error_of_s3_has_a_code_that_says_what_to_do(expected: str, status: int, body: bytes) -> None:
    error = to_bucket_error(status, {}, body, has_version=False)
    assert error.code == expected
    assert str(status) in f"{error.message} {error.reason}"


@pytest.mark.parametrize("status", [404, 405])
def test_delete_marker_is_not_found(status: int) -> None:
    error = to_bucket_error(status, DELETE_MARKER, body_of("MethodNotAllowed"), has_version=True)
    assert (error.code, "deleted" in error.message) == ("not_found", True)


@pytest.mark.parametrize(("expected", "has_version"), [("not_found", True), ("http_client_error", False)])
def test_text_that_is_no_id_of_a_version_is_not_found(expected: str, has_version: bool) -> None:  # noqa: FBT001 - a case
    error = to_bucket_error(400, {}, body_of("InvalidArgument"), has_version=has_version)
    assert (error.code, "version" in error.message) == (expected, has_version)


@pytest.mark.parametrize(
    ("words", "body", "has_version"),
    [
        (["s3:GetObject ", "kms:Decrypt", "s3:ListBucket"], body_of("AccessDenied"), False),
        (["s3:GetObjectVersion ", "kms:Decrypt", "s3:ListBucket"], body_of("AccessDenied"), True),
        (["restore it"], body_of("InvalidObjectState"), False),
        (["KMS key", "KMS.DisabledException"], body_of("KMS.DisabledException"), False),
    ],
)
def test_denial_names_what_is_missing(words: list[str], body: bytes, has_version: bool) -> None:  # noqa: FBT001 - a case
    message = to_bucket_error(403, {}, body, has_version=has_version).message
    assert [word for word in words if word not in message] == []


@pytest.mark.parametrize(
    ("expected", "headers", "body"),
    [
        ("eu-west-1", {"x-amz-bucket-region": "eu-west-1"}, b""),
        ("us-west-2", {}, body_of("AuthorizationQueryParametersError", "<Region>us-west-2</Region>")),
        (
            "us-west-2",
            {"x-amz-bucket-region": "a.example/"},
            body_of("PermanentRedirect", "<Region>us-west-2</Region>"),
        ),
        (None, {}, body_of("PermanentRedirect")),
        (None, {}, body_of("NoSuchKey", "<Region>https://a.example/</Region>")),
    ],
)
def test_region_is_found_in_a_header_or_in_the_body(
    expected: str | None, headers: Mapping[str, str], body: bytes
) -> None:
    assert find_region(headers, body) == expected
