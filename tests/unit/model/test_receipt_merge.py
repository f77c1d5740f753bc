"""Two receipts of one File put together: what either run has stored is stored, what adds nothing changes nothing."""

from datetime import UTC, datetime, timedelta

import pytest

from intake.model.errors import (
    ChecksumMismatch,
    ConnectFailed,
    IntakeError,
    NotFound,
    StoreDenied,
    Timeout,
    TooLarge,
)
from intake.model.file import File
from intake.model.image_info import ImageInfo
from intake.model.outcome import Failed, FetchStats, Outcome, Stored
from intake.model.receipt import Receipt, Status
from intake.model.receipt_merge import matches, merge
from intake.model.url import Url

AT = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
URLS = ["https://a.example/one?signed=1", "https://a.example/two"]
FILE = File.parse({"id": "lot-7", "urls": URLS})


def stored(sha256: str = "a" * 64, *, reused: bool = False) -> Stored:
    return Stored(
        ImageInfo("jpeg", 4, 3, 1),
        f"images/{sha256}.jpg",
        sha256,
        700,
        Url.parse(URLS[0]),
        reused,
        FetchStats(1, 20, 5),
    )


def failed(error: IntakeError) -> Failed:
    return Failed(error, FetchStats(1, 20))


def receipt(*outcomes: Outcome, at: datetime = AT, file: File = FILE) -> Receipt:
    return Receipt.of(file, outcomes, bucket="b", created_at=at, elapsed_ms=41)


def codes(found: Receipt) -> list[str]:
    return ["stored" if image.status == "stored" else image.error.code for image in found.images]


GOOD = stored()
TRANSIENT, OTHER, GONE = failed(ConnectFailed()), failed(Timeout()), failed(NotFound())


@pytest.mark.parametrize(
    ("expected", "ours", "theirs"),
    [
        ("stored", GOOD, TRANSIENT),
        ("stored", TRANSIENT, GOOD),
        ("stored", GOOD, GONE),
        ("stored", GONE, GOOD),
        ("not_found", GONE, TRANSIENT),
        ("not_found", TRANSIENT, GONE),
        ("connect_failed", TRANSIENT, OTHER),
        ("checksum_mismatch", failed(ChecksumMismatch()), TRANSIENT),
        ("connect_failed", TRANSIENT, failed(StoreDenied())),
        ("connect_failed", TRANSIENT, failed(TooLarge())),
    ],
)
def test_of_two_entries_the_one_that_says_more_stands(expected: str, ours: Outcome, theirs: Outcome) -> None:
    both = merge(receipt(GOOD, ours), receipt(GOOD, theirs), FILE)
    assert ["stored", expected] == codes(both)


@pytest.mark.parametrize(
    ("ours", "theirs"), [(stored(reused=True), GOOD), (TRANSIENT, GOOD), (TRANSIENT, TRANSIENT), (OTHER, GONE)]
)
def test_where_ours_adds_nothing_theirs_is_left_as_it_is(ours: Outcome, theirs: Outcome) -> None:
    kept = receipt(theirs, GONE)
    assert merge(receipt(ours, TRANSIENT), kept, FILE) is kept


def test_what_each_has_stored_is_stored_and_counted() -> None:
    both = merge(receipt(GOOD, TRANSIENT), receipt(TRANSIENT, stored("b" * 64, reused=True)), FILE)
    assert (Status.STORED, [f"images/{'a' * 64}.jpg", f"images/{'b' * 64}.jpg"]) == (both.status, both.object_keys)
    assert tuple(both.counts.model_dump().values()) == (1, 1, 0, 1400)


def test_the_urls_are_echoed_as_they_were_asked_for_and_kept_without_their_queries() -> None:
    theirs = Receipt.model_validate_json(receipt(TRANSIENT, GOOD).to_stored_json())
    both = merge(receipt(GOOD, TRANSIENT), theirs, FILE)
    assert [image.url for image in both.images] == URLS
    assert b"signed" not in both.to_stored_json()


def test_other_bytes_than_are_expected_now_are_not_taken_over() -> None:
    expecting = File.parse({"id": "lot-7", "urls": [{"url": URLS[0], "sha256": "c" * 64}, URLS[1]]})
    both = merge(receipt(failed(ChecksumMismatch()), GOOD), receipt(GOOD, GOOD), expecting)
    assert codes(both) == ["checksum_mismatch", "stored"]


def test_a_receipt_covers_the_same_urls_from_when_they_were_handed_over() -> None:
    kept = receipt(GOOD, GOOD)
    assert matches(kept, FILE, AT + timedelta(microseconds=999_999))
    assert not matches(kept, FILE, AT + timedelta(seconds=1))
    assert not matches(kept, File.parse({"id": "lot-7", "urls": URLS[::-1]}), AT)


def test_a_receipt_that_lacks_an_image_covers_nothing() -> None:
    kept = receipt(GOOD, GOOD)
    assert not matches(kept.model_copy(update={"images": kept.images[:1]}), FILE, AT)
