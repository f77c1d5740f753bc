"""The receipt, member by member as the contract has it."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from intake.model.error_codes import HttpServerError, IntakeError, InvalidUrl
from intake.model.file import File
from intake.model.image_info import ImageInfo, ImageWarning
from intake.model.outcome import CarriedOver, Failed, FetchStats, Outcome, Stored
from intake.model.receipt import Receipt
from intake.model.url import Url

AT = datetime(2026, 11, 22, 12, 0, 0, 987654, tzinfo=UTC)
SHA256 = "3f9a" + "0" * 60
KEY = f"images/3f/{SHA256}.jpg"
SECRET = "?X-Amz-Signature=secret"


def a_file(*base_urls: str) -> File:
    first = f"https://a.example/inspect.jpg{SECRET}"
    return File.parse({"id": "lot-7-cam-2", "fileUrl": first, "baseUrls": [[url] for url in base_urls]})


def stored(*, reused: bool = False, size: int = 153582, final: str = f"https://b.example/x.jpg{SECRET}") -> Stored:
    effort = FetchStats(attempts=1, fetch_ms=150, store_ms=37)
    return Stored(
        ImageInfo("jpeg", 1000, 750, 1, "image/jpeg", "jpg"), KEY, SHA256, size, Url.parse(final), reused, effort
    )


def failed(error: IntakeError | None = None) -> Failed:
    return Failed(error or HttpServerError("The origin answered 503."), FetchStats(attempts=3, fetch_ms=2104))


def receipt_of(file: File, *outcomes: Outcome) -> Receipt:
    return Receipt.of(file, outcomes, bucket="images-bucket", created_at=AT, elapsed_ms=412)


def test_receipt_has_exactly_the_members_of_the_contract() -> None:
    file = a_file("https://a.example/base-1.png")
    expected: dict[str, Any] = {
        "id": "lot-7-cam-2",
        "digest": file.digest,
        "status": "partial",
        "bucket": "images-bucket",
        "receiptKey": "receipts/lot-7-cam-2.json",
        "createdAt": "2026-11-22T12:00:00Z",
        "elapsedMs": 412,
        "objectKeys": [KEY, None],
        "counts": {"stored": 1, "reused": 0, "failed": 1, "bytes": 153582},
        "images": [
            {
                "role": "file",
                "index": 0,
                "url": f"https://a.example/inspect.jpg{SECRET}",
                "status": "stored",
                "key": KEY,
                "sha256": SHA256,
                "contentType": "image/jpeg",
                "bytes": 153582,
                "width": 1000,
                "height": 750,
                "frames": 1,
                "finalUrl": "https://b.example/x.jpg",
                "reused": False,
                "source": "fetched",
                "warnings": [],
                "attempts": 1,
                "elapsedMs": 187,
            },
            {
                "role": "base",
                "index": 0,
                "url": "https://a.example/base-1.png",
                "status": "failed",
                "attempts": 3,
                "elapsedMs": 2104,
                "error": {
                    "code": "http_server_error",
                    "class": "transient",
                    "message": "The origin answered 503.",
                    "retryable": True,
                },
            },
        ],
    }
    assert json.loads(receipt_of(file, stored(), failed()).to_json()) == expected


@pytest.mark.parametrize(
    ("expected", "outcomes"),
    [
        ("stored", [stored(), stored(reused=True)]),
        ("partial", [failed(), stored()]),
        ("failed", [failed(), failed()]),
    ],
)
def test_status_says_whether_all_some_or_no_images_are_stored(expected: str, outcomes: list[Outcome]) -> None:
    assert receipt_of(a_file("https://a.example/1"), *outcomes).status == expected


def test_counts_add_up_to_all_images() -> None:
    outcomes: list[Outcome] = [stored(size=1), stored(reused=True, size=20), stored(size=300), failed()]
    counts = receipt_of(a_file("1", "2", "3"), *outcomes).counts
    assert (counts.stored, counts.reused, counts.failed, counts.bytes) == (2, 1, 1, 321)


def test_keys_are_in_the_order_of_the_request() -> None:
    receipt = receipt_of(a_file("1", "2"), failed(), stored(), failed())
    assert receipt.object_keys == [None, KEY, None]
    assert [(image.role, image.index) for image in receipt.images] == [("file", 0), ("base", 0), ("base", 1)]


def test_images_of_url_list_have_the_role_image() -> None:
    receipt = receipt_of(File.parse({"urls": ["1", "2"]}), stored(), stored())
    assert [(image.role, image.index) for image in receipt.images] == [("image", 0), ("image", 1)]


def test_stored_receipt_has_urls_without_query_and_credentials() -> None:
    receipt = receipt_of(a_file("https://user:secret@a.example/1#secret"), stored(), failed(InvalidUrl()))
    in_response, in_bucket = json.loads(receipt.to_json()), json.loads(receipt.to_stored_json())
    assert [image["url"] for image in in_response["images"]] == [
        f"https://a.example/inspect.jpg{SECRET}",
        "https://user:secret@a.example/1#secret",
    ]
    assert [image["url"] for image in in_bucket["images"]] == ["https://a.example/inspect.jpg", "https://a.example/1"]
    assert b"secret" not in receipt.to_stored_json()
    assert {**in_response, "images": None} == {**in_bucket, "images": None}


def test_final_url_has_no_query_in_the_response() -> None:
    """A redirect may have signed it for this service only."""
    receipt = receipt_of(a_file("https://a.example/1"), stored(), stored())
    assert receipt.to_json().count(b"secret") == 1


def test_receipt_lists_the_warnings_of_each_stored_image() -> None:
    warned = replace(stored(), warnings=(ImageWarning.MISSING_PICTURES, ImageWarning.TRAILING_DATA))
    images = json.loads(receipt_of(a_file("1", "2"), warned, stored(), failed()).to_stored_json())["images"]
    assert [image.get("warnings") for image in images] == [["missing_pictures", "trailing_data"], [], None]


def test_receipt_without_warnings_is_read_as_having_none() -> None:
    """Receipts before version 0.3 do not have the member; one of a later version may have other codes."""
    document = json.loads(receipt_of(a_file("1"), stored(), stored()).to_json())
    del document["images"][0]["warnings"]
    document["images"][1]["warnings"] = ["a_later_code"]
    carried_over = [CarriedOver(image) for image in Receipt.model_validate(document).images]
    images = json.loads(receipt_of(a_file("1"), *carried_over).to_json())["images"]
    assert [image["warnings"] for image in images] == [[], ["a_later_code"]]


def test_receipt_key_is_null_when_receipt_is_not_stored() -> None:
    receipt = receipt_of(a_file("https://a.example/1"), stored(), stored())
    assert json.loads(receipt.without_key().to_json())["receiptKey"] is None
    assert receipt.receipt_key == "receipts/lot-7-cam-2.json"


def test_image_has_no_attempts_when_it_was_never_requested() -> None:
    entry = json.loads(receipt_of(File.parse({"urls": [""]}), Failed(InvalidUrl(), FetchStats())).to_json())["images"][
        0
    ]
    assert (entry["attempts"], entry["elapsedMs"]) == (0, 0)


NOTE = {"lot": 7, "url": "https://a.example/?note=kept"}
NOTED = File.parse({"id": "x", "note": NOTE, "urls": [{"url": "1", "note": {"a": [1]}}, "2", {"url": "3", "note": {}}]})


@pytest.mark.parametrize("encode", [Receipt.to_json, Receipt.to_stored_json])
def test_receipt_repeats_the_notes_of_the_request_where_it_has_some(encode: Callable[[Receipt], bytes]) -> None:
    document = json.loads(encode(receipt_of(NOTED, stored(), failed(), failed())))
    assert document["note"] == NOTE
    assert [image.get("note", "none") for image in document["images"]] == [{"a": [1]}, "none", {}]
    assert "note" not in json.loads(encode(receipt_of(File.parse({"urls": ["1"]}), stored())))


def test_carried_over_image_has_the_note_of_the_present_request() -> None:
    earlier = receipt_of(NOTED, stored(), failed(), stored())
    later = File.parse({"id": "x", "urls": ["1", {"url": "2", "note": {"b": 2}}, {"url": "3", "note": {"c": 3}}]})
    carried_over = [CarriedOver(image) for image in Receipt.model_validate_json(earlier.to_stored_json()).images]
    for receipt in (receipt_of(later, *carried_over), earlier.with_notes_of(later)):
        document = json.loads(receipt.to_json())
        assert "note" not in document
        assert [image.get("note") for image in document["images"]] == [None, {"b": 2}, {"c": 3}]
    assert earlier.note == NOTE


@pytest.mark.parametrize(
    ("expected", "of_file", "of_image"),
    [
        (True, {"a": 1, "b": [{"c": None, "d": 1e22}]}, None),
        (True, {"b": [{"d": 1e22, "c": None}], "a": 1}, None),
        (False, {"a": True, "b": [{"c": None, "d": 1e22}]}, None),
        (False, {"a": 1.0, "b": [{"c": None, "d": 1e22}]}, None),
        (False, None, None),
        (False, {}, None),
        (False, {"a": 1, "b": [{"c": None, "d": 1e22}]}, {}),
        (False, None, {"a": 1, "b": [{"c": None, "d": 1e22}]}),
    ],
)
def test_notes_are_compared_as_json(*, expected: bool, of_file: object, of_image: object) -> None:
    noted = File.parse({"urls": ["1"], "note": {"a": 1, "b": [{"c": None, "d": 1e22}]}})
    receipt = Receipt.model_validate_json(receipt_of(noted, stored()).to_stored_json())
    file = File.parse({"urls": [{"url": "1", "note": of_image}], "note": of_file})
    assert receipt.has_notes_of(file) is expected


def test_receipt_needs_one_outcome_for_every_image() -> None:
    with pytest.raises(ValueError, match="zip"):
        receipt_of(a_file("https://a.example/1"), stored())
