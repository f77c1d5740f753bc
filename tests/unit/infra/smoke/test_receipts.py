"""Receipts, compared with what they must say."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
from infra.smoke.check import CheckFailed
from infra.smoke.receipts import check_receipt, normalize
from infra.smoke.smoke_file import FORBIDDEN_URL

from support.smoke_fakes import FILE, PICTURES

WHOLE, ID = PICTURES[0], FILE.id_of("http")
SETTINGS = {"ALLOWED_HOSTS": "images.example", "ALLOWED_PORTS": "443"}


def failed(url: str, code: str) -> dict[str, Any]:
    return {"url": url, "status": "failed", "attempts": 1, "elapsedMs": 3, "error": {"code": code, "message": "No."}}


def make_receipt() -> dict[str, Any]:
    facts = {"key": WHOLE.key, "sha256": WHOLE.sha256, "contentType": "image/jpeg", "bytes": 5}
    stored = {"url": FILE.urls[0], "status": "stored", **facts, "attempts": 1, "elapsedMs": 7, "reused": False}
    images = [stored, failed(FILE.urls[1], "invalid_image"), failed("http://169.254.169.254/", "blocked")]
    counts = {"stored": 1, "reused": 0, "failed": 2, "bytes": 5}
    receipt = {"id": ID, "receiptKey": f"receipts/{ID}.json", "status": "partial"}
    times = {"createdAt": "2026-11-29T12:00:00Z", "elapsedMs": 12}
    return {**receipt, **times, "objectKeys": [WHOLE.key, None, None], "counts": counts, "images": images}


def check(receipt: dict[str, Any]) -> None:
    check_receipt(receipt, ID, FILE.expected, SETTINGS)


def store(receipt: dict[str, Any], index: int) -> None:
    receipt["images"][index] = {**receipt["images"][0]}


def test_receipt_with_the_expected_images_is_accepted() -> None:
    check(make_receipt())


def refuse(receipt: dict[str, Any]) -> CheckFailed:
    with pytest.raises(CheckFailed) as refused:
        check(receipt)
    assert "secret" not in refused.value.found + refused.value.advice
    return refused.value


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        ("blocked", "at inbox.example:8443, which this stack may not download from: AllowedHosts is images.example"),
        ("timeout", "cannot reach S3 at inbox.example:8443. In a VPC without NAT, they need a gateway endpoint"),
        ("connect_failed", "gateway endpoint"),
        ("access_denied", "presigned URL"),
        ("store_denied", "permissions boundary"),
        ("too_large", "limits"),
        ("unsupported_type", "limits"),
        ("internal_error", "docs/errors.md"),
    ],
)
def test_picture_that_is_not_stored_is_named_with_the_cause_in_the_account(code: str, advice: str) -> None:
    receipt = make_receipt()
    receipt["images"][0] = failed("https://inbox.example:8443/a?X-Amz-Signature=secret", code)
    refused = refuse(receipt)
    assert refused.found == f"whole.jpg: expected stored, got {code}: No."
    assert advice in refused.advice


@pytest.mark.parametrize(
    ("found", "change"),
    [
        ("truncated.jpg: expected invalid_image, got stored.", lambda r: store(r, 1)),
        (f"{FORBIDDEN_URL}: expected blocked, got stored.", lambda r: store(r, 2)),
        (
            f"{FORBIDDEN_URL}: expected blocked, got timeout: No.",
            lambda r: r["images"][2]["error"].update(code="timeout"),
        ),
        ("whole.jpg: expected ('images/", lambda r: r["images"][0].update(bytes=4)),
        ("Expected partial and the keys", lambda r: r.update(status="stored")),
        ("Expected partial and the keys", lambda r: r.update(objectKeys=[None, None, WHOLE.key])),
        ("The receipt could not be stored.", lambda r: r.update(receiptKey=None)),
        (f"Expected the receipt of {ID} with 3 images", lambda r: r.update(id="another")),
        (f"Expected the receipt of {ID} with 3 images", lambda r: r["images"].pop()),
    ],
)
def test_receipt_with_another_difference_is_refused(found: str, change: Callable[[Any], object]) -> None:
    receipt = make_receipt()
    change(receipt)
    assert refuse(receipt).found.startswith(found)


def test_receipts_are_equal_but_for_ids_times_and_who_was_first() -> None:
    first, later = make_receipt(), make_receipt()
    later |= {"id": "b", "receiptKey": "receipts/b.json", "createdAt": "now", "elapsedMs": 1, "known": {}}
    later["counts"] |= {"stored": 0, "reused": 1}
    later["images"][0] |= {"reused": True, "elapsedMs": 1, "attempts": 2, "url": "redacted"}
    assert normalize(first) == normalize(later)


@pytest.mark.parametrize(
    "change",
    [
        lambda r: r.update(digest="another"),
        lambda r: r["images"][0].update(width=7),
        lambda r: r["images"][1]["error"].update(message="Another."),
        lambda r: r["counts"].update(bytes=4),
        lambda r: r["counts"].update(stored=2),
    ],
)
def test_receipts_with_another_difference_are_not_equal(change: Callable[[Any], object]) -> None:
    receipt = make_receipt()
    other = copy.deepcopy(receipt)
    change(other)
    assert normalize(receipt) != normalize(other)
