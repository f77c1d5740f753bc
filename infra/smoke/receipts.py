"""Compares a receipt with what it must say, and makes receipts of different entry points comparable."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from infra.smoke.check import CheckFailed
from infra.smoke.smoke_file import ExpectedImage

STATUS = "partial"
"""The status of the File: some images are stored, two fail on purpose."""

_OF_RUN = {"id", "receiptKey", "createdAt", "elapsedMs", "known"}
_OF_IMAGE = {"url", "attempts", "elapsedMs", "reused"}


def check_receipt(
    receipt: Mapping[str, Any], file_id: str, expected: Sequence[ExpectedImage], variables: Mapping[str, str]
) -> None:
    """Check every image of a receipt.

    Args:
        receipt: the receipt.
        file_id: the id of its File.
        expected: what it must say of each image.
        variables: the settings of the functions, for the advice.

    Raises:
        CheckFailed: the receipt says something else. The text names the first difference.
    """
    images = receipt.get("images")
    if receipt.get("id") != file_id or not isinstance(images, list) or len(images) != len(expected):
        raise CheckFailed(f"Expected the receipt of {file_id} with {len(expected)} images, got {str(receipt)[:300]}.")
    for image, expected_image in zip(images, expected, strict=True):
        _check_image(image, expected_image, variables)
    keys = [expected_image.key for expected_image in expected]
    if receipt["objectKeys"] != keys or receipt["status"] != STATUS:
        raise CheckFailed(
            f"Expected {STATUS} and the keys {keys}, got {receipt['status']} and {receipt['objectKeys']}."
        )
    if receipt["receiptKey"] is None:
        raise CheckFailed("The receipt could not be stored.", _ADVICE["store_denied"])


def _check_image(image: Mapping[str, Any], expected: ExpectedImage, variables: Mapping[str, str]) -> None:
    error = image.get("error") or {}
    code = error.get("code", "")
    if code != expected.code:
        found = f"{code}: {str(error.get('message')).rstrip('.')}" if code else "stored"
        raise CheckFailed(
            f"{expected.name}: expected {expected.code or 'stored'}, got {found}.",
            _advise(code, image, variables),
        )
    if expected.code:
        return
    picture = expected.picture
    facts = (picture.key, picture.sha256, picture.content_type, len(picture.body)) if picture else ()
    got = tuple(image[name] for name in ("key", "sha256", "contentType", "bytes"))
    if got != facts:
        raise CheckFailed(f"{expected.name}: expected {facts}, got {got}.", "Something changes the bytes: a proxy?")


def _advise(code: str, image: Mapping[str, Any], variables: Mapping[str, str]) -> str:
    if not code:
        return "The service accepted an image that it must refuse. Do not use this stack; report it as a bug."
    host = urlsplit(str(image.get("url"))).netloc
    settings = {name: variables.get(name) or "any" for name in ("ALLOWED_HOSTS", "ALLOWED_PORTS")}
    return _ADVICE.get(code, _OTHER).format(host=host, **settings)


_REACH = (
    "The functions cannot reach S3 at {host}. In a VPC without NAT, they need a gateway endpoint for S3 in the route "
    "tables of their subnets (docs/smoke.md)."
)
_LIMIT = "The limits of the stack refuse a small picture (docs/settings.md)."
_OTHER = "docs/errors.md explains the code; the log of the function has the reason."
_ADVICE = {
    "blocked": (
        "The pictures are in the inbox bucket, at {host}, which this stack may not download from: AllowedHosts is "
        "{ALLOWED_HOSTS}, AllowedPorts is {ALLOWED_PORTS}. To try the stack, deploy it with this host as well, then "
        "without it (docs/smoke.md). An S3 interface endpoint has private addresses, which are blocked too."
    ),
    **dict.fromkeys(("connect_failed", "dns_failure", "timeout", "tls_failed", "connection_lost"), _REACH),
    "deadline_exceeded": _REACH,
    "access_denied": (
        "S3 refused the presigned URL. Your credentials must be allowed to read smoke/* of the inbox bucket from the "
        "network of the functions: look at its bucket policy, its KMS key and the policy of the VPC endpoint."
    ),
    **dict.fromkeys(("too_large", "too_many_pixels", "too_few_pixels", "unsupported_type", "too_many_frames"), _LIMIT),
    **dict.fromkeys(
        ("store_denied", "store_failed"),
        "The function may not write to the image bucket: look at its role, its permissions boundary, the bucket policy "
        "and the KMS key.",
    ),
}


def normalize(receipt: Mapping[str, Any]) -> dict[str, Any]:
    """Return what must be the same in the receipts of all entry points.

    The ids, times and attempts differ. Whether an image was new to the bucket depends on which entry point was first,
    so stored and reused count together.
    """
    counts = receipt["counts"]
    images = [{key: value for key, value in image.items() if key not in _OF_IMAGE} for image in receipt["images"]]
    rest = {key: value for key, value in receipt.items() if key not in _OF_RUN}
    in_bucket = counts["stored"] + counts["reused"]
    return {
        **rest,
        "counts": {"inBucket": in_bucket, "failed": counts["failed"], "bytes": counts["bytes"]},
        "images": images,
    }
