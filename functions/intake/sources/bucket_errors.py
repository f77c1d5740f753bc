"""Says what an error response of S3 means for an image that is read from a source bucket."""

import re
from collections.abc import Mapping

from intake.model.error_codes import (
    AccessDenied,
    CredentialsUnavailable,
    HttpClientError,
    HttpServerError,
    IntakeError,
    NotFound,
)
from intake.s3.client import error_code

_NOT_FOUND, _TEMPORARY_REDIRECT = 404, 307
_DENIED = frozenset({401, 403})

# S3 does not accept who signed, or when. What the signer may do has other codes (Amazon S3 API Reference, "Error
# responses"; AWS General Reference, "Common errors").
_NOT_ACCEPTED = frozenset(
    {
        "ExpiredToken",
        "InvalidAccessKeyId",
        "InvalidToken",
        "RequestTimeTooSkewed",
        "SignatureDoesNotMatch",
        "TokenRefreshRequired",
    }
)
# S3 names its time where that of a signature is wrong. To a URL with an expired signature it answers AccessDenied.
_SERVER_TIME = b"<ServerTime>"

_TRANSIENT = frozenset({"OperationAborted", "RequestTimeout", "SlowDown"})
_NO_OBJECT = "S3 does not have this object."
_DELETED = "S3 does not have this object any more: it is deleted, or this version of it is a delete marker."
_NO_VERSION = "S3 does not have this version of the object."
_INVALID_ARGUMENT = "InvalidArgument"
"""The code for a text that is the id of no version. The service sends no other argument of a caller."""

_MISSING = {
    "NoSuchBucket": "S3 has no bucket of this name.",
    "NoSuchVersion": _NO_VERSION,
    _INVALID_ARGUMENT: _NO_VERSION,
}
_REGION_HEADER = "x-amz-bucket-region"
_REGION = re.compile(r"[a-z0-9-]{1,64}")
_REGION_MEMBER = re.compile(rf"<Region>({_REGION.pattern})</Region>".encode())


def find_region(headers: Mapping[str, str], content: bytes) -> str | None:
    """Return the region of the bucket, as far as an error response names it.

    A request that was sent to another region, or signed for it, is answered with 301, 307 or 400.
    """
    header = headers.get(_REGION_HEADER, "")
    if _REGION.fullmatch(header):
        return header
    match = _REGION_MEMBER.search(content)
    return match[1].decode("ascii") if match else None


def to_bucket_error(status: int, headers: Mapping[str, str], content: bytes, *, has_version: bool) -> IntakeError:
    """Return the error of an image.

    Args:
        status: the status of the response: 3xx or 4xx.
        headers: its headers.
        content: the beginning of its body, an XML `Error`.
        has_version: whether a version of the object was asked for.
    """
    code = error_code(content)
    answer = f"S3 answered {status} {code}".rstrip()
    is_delete_marker = headers.get("x-amz-delete-marker") == "true"
    if code in _NOT_ACCEPTED or _SERVER_TIME in content:
        message = "S3 does not accept the credentials or the clock of the service; see the service log."
        return CredentialsUnavailable(message, reason=answer)
    if code in _TRANSIENT or status == _TEMPORARY_REDIRECT:
        return HttpServerError(f"{answer}.", status=status)
    if status == _NOT_FOUND or is_delete_marker or (has_version and code == _INVALID_ARGUMENT):
        return NotFound(_DELETED if is_delete_marker else _MISSING.get(code, _NO_OBJECT), reason=answer)
    if status in _DENIED or code.startswith("KMS."):
        return AccessDenied(_say_what_is_denied(code, has_version=has_version), reason=answer)
    return HttpClientError(f"{answer}.")


def _say_what_is_denied(code: str, *, has_version: bool) -> str:
    if code == "InvalidObjectState":
        return "The object is archived: restore it in S3, then send the File again."
    if code.startswith("KMS."):
        return f"S3 cannot use the KMS key of the object ({code}): enable the key."
    action = "s3:GetObjectVersion" if has_version else "s3:GetObject"
    return (
        f"S3 denied access: the service needs {action} for this object, and kms:Decrypt if a KMS key encrypts it. "
        "Without s3:ListBucket, S3 denies access to a missing object too."
    )
