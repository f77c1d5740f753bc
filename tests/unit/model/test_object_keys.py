"""Where every object is stored."""

import pytest

from intake.model.image_info import ImageInfo
from intake.model.object_keys import (
    batch_name,
    batches_prefix,
    broken_prefix,
    failed_key,
    image_key,
    known_document_key,
    manifest_key,
    parse_image_key,
    parse_manifest_key,
    problem_key,
    receipt_key,
    report_key,
    summary_key,
    table_key,
    table_prefix,
)

SHA256 = "3f9a" + "0" * 60


@pytest.mark.parametrize(
    ("expected", "key"),
    [
        (f"images/3f/{SHA256}.jpg", image_key(SHA256, ImageInfo("jpeg", 1, 1, 1, "image/jpeg", "jpg"))),
        ("receipts/lot-7-cam-2.json", receipt_key("lot-7-cam-2")),
        ("runs/run-1/batches/b.json", report_key("run-1", "b")),
        ("runs/run-1/images/b.jsonl.gz", table_key("run-1", "b")),
        ("runs/run-1/images/", table_prefix("run-1")),
        ("problems/lots/7.json", problem_key("lots/7")),
        ("inbox/lot-7.json", manifest_key("lot-7")),
        ("runs/run-1/batches/", batches_prefix("run-1")),
        ("runs/run-1/broken/", broken_prefix("run-1")),
        ("runs/run-1/summary.json", summary_key("run-1")),
        ("runs/run-1/failed.jsonl", failed_key("run-1")),
    ],
)
def test_key_is_the_published_one(expected: str, key: str) -> None:
    assert key == expected


@pytest.mark.parametrize(
    ("expected", "key"),
    [
        (("lot-7", False), "inbox/lot-7.json"),
        (("lots", True), "inbox/lots.jsonl"),
        (("2026/11/lots.v2", True), "inbox/2026/11/lots.v2.jsonl"),
        (("a b", False), "inbox/a b.json"),
        (("a\nb\r", True), "inbox/a\nb\r.txt"),
        (("../a//.json", False), "inbox/../a//.json.json"),
        (("urls", True), "inbox/urls.txt"),
        (None, "inbox/lots.csv"),
        (None, "inbox/lots.JSON"),
        (None, "inbox/.json"),
        (None, "bulk/lots.jsonl"),
        (None, "elsewhere/inbox/lots.jsonl"),
    ],
)
def test_manifest_name_comes_from_its_key(expected: tuple[str, bool] | None, key: str) -> None:
    assert parse_manifest_key(key) == expected


def test_batch_name_is_the_same_when_a_batch_is_repeated() -> None:
    """A run may continue after a deployment, so the digest must never change."""
    digest = "5806619789fb52c9703ce6afc4822376be246b66eff6208fc0915e75fd8d1ee6"
    assert batch_name([{"url": "\ud800"}], "batch-1") == digest


def test_batch_name_of_numbered_rows_is_the_same_when_a_new_execution_repeats_the_batch() -> None:
    """The digest must never change either."""
    digest = "955b90a049745dbbb0e6fd4b4528f6bd99426fb248d5fbf4ce55a1006a453932"
    items = [{"index": 7, "item": {"url": "\ud800"}}, {"index": 8, "item": {"1": "a"}, "header": [{"1": "url"}]}]
    assert {batch_name(items, "batch-1"), batch_name(items, "batch-2"), batch_name(items)} == {digest}


def test_batch_name_differs_by_items_and_by_the_batch_of_items_without_numbers() -> None:
    numbered = [[{"index": number, "item": "x"}] for number in (1, 2)]
    plain = ([1], "b"), ([2], "b"), ([1], "c"), ([{"index": "1", "item": 1}], "b"), ([{"index": 1}], "b")
    assert len({*map(batch_name, numbered), *(batch_name(*arguments) for arguments in plain)}) == 7


def test_key_of_known_document_is_that_of_the_set_of_urls() -> None:
    first, second = bytes(32), bytes([1] * 32)
    expected = "known/5c85955f709283ecce2b74f1b1552918819f390911816e7bb466805a38ab87f3.json"
    assert expected == known_document_key([first, second])
    assert expected == known_document_key(iter([second, first, second]))
    assert len({expected, known_document_key([first]), known_document_key([])}) == 3


@pytest.mark.parametrize(
    ("expected", "key"),
    [
        ((SHA256, "jpg"), f"images/3f/{SHA256}.jpg"),
        (None, f"images/3e/{SHA256}.jpg"),
        (None, f"images/3f/{SHA256.upper()}.jpg"),
        (None, f"images/3f/{SHA256}0.jpg"),
        (None, f"images/3f/{SHA256}"),
        (None, f"images/3f/{SHA256}.jpg\n"),
        (None, f"/images/3f/{SHA256}.jpg"),
    ],
)
def test_digest_and_extension_come_from_the_key_of_an_image(expected: tuple[str, str] | None, key: str) -> None:
    assert parse_image_key(key) == expected
