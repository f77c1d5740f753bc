"""The rules by which two runs of one File share a receipt: which receipt matches, what is reused, what merges."""

from datetime import UTC, datetime, timedelta

import pytest

from intake.model.error_codes import (
    ChecksumMismatch,
    ConnectFailed,
    IntakeError,
    InternalError,
    NotFound,
    StoreDenied,
    StoreFailed,
    Timeout,
    TooLarge,
)
from intake.model.file import File
from intake.model.image_info import ImageInfo
from intake.model.outcome import CarriedOver, Failed, FetchStats, Outcome, Stored
from intake.model.receipt import Receipt, Status
from intake.model.receipt_merge import has_expected_bytes, matches, merge, reusable_outcomes
from intake.model.url import Url

AT = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
URLS = ["https://a.example/one?signed=1", "https://a.example/two"]
FILE = File.parse({"id": "lot-7", "urls": URLS})
SHA256, OTHER_SHA256 = "a" * 64, "b" * 64


def stored(sha256: str = SHA256, *, reused: bool = False) -> Stored:
    image, key = ImageInfo("jpeg", 4, 3, 1, "image/jpeg", "jpg"), f"images/{sha256}.jpg"
    return Stored(image, key, sha256, 700, Url.parse(URLS[0]), reused, FetchStats(1, 20, 5))


def failed(error: IntakeError) -> Failed:
    return Failed(error, FetchStats(1, 20))


def receipt_of(*outcomes: Outcome, file: File = FILE) -> Receipt:
    return Receipt.of(file, outcomes, bucket="b", created_at=AT, elapsed_ms=41)


def expecting(sha256: str | None) -> File:
    """The File, with an expected digest of its second image."""
    return File.parse({"id": "lot-7", "urls": [URLS[0], {"url": URLS[1], "sha256": sha256}]})


def codes(receipt: Receipt) -> list[str]:
    return ["stored" if image.status == "stored" else image.error.code for image in receipt.images]


STORED, TRANSIENT, GONE = stored(), failed(ConnectFailed()), failed(NotFound())
MISMATCH = failed(ChecksumMismatch())


@pytest.mark.parametrize(
    ("expected", "submitted_at"),
    [
        (True, AT - SECOND),
        (True, AT),
        (True, AT + timedelta(microseconds=999_999)),
        (False, AT + SECOND),
    ],
)
def test_receipt_matches_when_written_since_submission(*, expected: bool, submitted_at: datetime) -> None:
    assert matches(receipt_of(STORED, STORED), FILE, submitted_at) is expected


@pytest.mark.parametrize("urls", [URLS[::-1], URLS[:1], [*URLS, URLS[0]]])
def test_receipt_does_not_match_when_urls_differ(urls: list[str]) -> None:
    assert not matches(receipt_of(STORED, STORED), File.parse({"id": "lot-7", "urls": urls}), AT)


def test_receipt_does_not_match_when_an_image_is_missing() -> None:
    receipt = receipt_of(STORED, STORED)
    assert not matches(receipt.model_copy(update={"images": receipt.images[:1]}), FILE, AT)


@pytest.mark.parametrize(
    ("is_reused", "outcome", "expected_sha256"),
    [
        (True, STORED, None),
        (True, STORED, SHA256),
        (False, STORED, OTHER_SHA256),
        (True, GONE, None),
        (True, GONE, SHA256),
        (False, MISMATCH, None),
        (False, MISMATCH, OTHER_SHA256),
        (False, failed(StoreDenied()), None),
        (False, TRANSIENT, None),
        (False, failed(StoreFailed()), None),
        (False, failed(TooLarge()), None),
        (False, failed(InternalError()), None),
    ],
)
def test_outcome_is_reused_when_it_is_stored_or_permanent(
    *, is_reused: bool, outcome: Outcome, expected_sha256: str | None
) -> None:
    """Except where the caller expects another digest, or the operator may have changed rights or limits meanwhile."""
    receipt = receipt_of(TRANSIENT, outcome)
    [first, second] = reusable_outcomes(receipt, expecting(expected_sha256))
    assert first is None
    assert second == (CarriedOver(receipt.images[1]) if is_reused else None)


@pytest.mark.parametrize(
    ("expected", "ours", "theirs"),
    [
        ("stored", STORED, TRANSIENT),
        ("stored", TRANSIENT, STORED),
        ("stored", STORED, GONE),
        ("stored", GONE, STORED),
        ("not_found", GONE, TRANSIENT),
        ("not_found", TRANSIENT, GONE),
        ("connect_failed", TRANSIENT, failed(Timeout())),
        ("checksum_mismatch", MISMATCH, TRANSIENT),
        ("connect_failed", TRANSIENT, failed(StoreDenied())),
        ("connect_failed", TRANSIENT, failed(TooLarge())),
    ],
)
def test_merge_keeps_the_better_entry_of_each_image(expected: str, ours: Outcome, theirs: Outcome) -> None:
    """Stored is better than failed, permanent is better than transient; of equals, ours is newer."""
    assert codes(merge(receipt_of(STORED, ours), receipt_of(STORED, theirs), FILE)) == ["stored", expected]


@pytest.mark.parametrize(
    ("expected", "ours", "theirs"),
    [
        ("stored", STORED, TRANSIENT),
        ("stored", TRANSIENT, STORED),
        ("not_found", GONE, TRANSIENT),
        ("not_found", TRANSIENT, GONE),
        ("timeout", TRANSIENT, failed(Timeout())),
        ("store_denied", TRANSIENT, failed(StoreDenied())),
        ("connect_failed", MISMATCH, TRANSIENT),
    ],
)
def test_merge_keeps_theirs_of_equals_when_it_is_later(expected: str, ours: Outcome, theirs: Outcome) -> None:
    merged = merge(receipt_of(STORED, ours), receipt_of(STORED, theirs), FILE, is_ours_later=False)
    assert codes(merged) == ["stored", expected]


@pytest.mark.parametrize(
    ("expected", "outcome", "sha256"),
    [(True, STORED, None), (True, STORED, SHA256), (False, STORED, OTHER_SHA256), (True, GONE, OTHER_SHA256)],
)
def test_receipt_has_expected_bytes_unless_other_bytes_are_stored(
    *, expected: bool, outcome: Outcome, sha256: str | None
) -> None:
    assert expected is has_expected_bytes(receipt_of(STORED, outcome), expecting(sha256))


@pytest.mark.parametrize(
    ("expected", "ours", "theirs"),
    [
        ("checksum_mismatch", MISMATCH, STORED),
        ("stored", stored(OTHER_SHA256), STORED),
        ("stored", MISMATCH, stored(OTHER_SHA256)),
    ],
)
def test_merge_keeps_ours_when_their_bytes_are_not_the_expected_ones(
    expected: str, ours: Outcome, theirs: Outcome
) -> None:
    merged = merge(receipt_of(STORED, ours), receipt_of(STORED, theirs), expecting(OTHER_SHA256))
    assert codes(merged) == ["stored", expected]
    assert merged.object_keys[1] in {None, f"images/{OTHER_SHA256}.jpg"}


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [(stored(reused=True), STORED), (TRANSIENT, STORED), (TRANSIENT, TRANSIENT), (failed(Timeout()), GONE)],
)
def test_merge_returns_theirs_itself_when_ours_adds_nothing(ours: Outcome, theirs: Outcome) -> None:
    their_receipt = receipt_of(theirs, GONE)
    assert merge(receipt_of(ours, TRANSIENT), their_receipt, FILE) is their_receipt


NOTED = File.parse({"id": "lot-7", "urls": [URLS[0], {"url": URLS[1], "note": {"a": 1}}], "note": {"lot": 7}})


def notes_of(receipt: Receipt) -> list[object]:
    return [receipt.note, *(image.note for image in receipt.images)]


@pytest.mark.parametrize(("ours", "theirs"), [(STORED, TRANSIENT), (TRANSIENT, STORED), (STORED, STORED)])
def test_merged_receipt_has_the_notes_of_the_later_request(ours: Outcome, theirs: Outcome) -> None:
    """Even if ours has nothing but its notes to add."""
    merged = merge(receipt_of(STORED, ours, file=NOTED), receipt_of(STORED, theirs), NOTED)
    assert notes_of(merged) == [{"lot": 7}, None, {"a": 1}]
    merged = merge(receipt_of(STORED, ours), receipt_of(STORED, theirs, file=NOTED), FILE)
    assert notes_of(merged) == [None, None, None]


def test_merge_returns_theirs_itself_when_its_other_notes_are_later() -> None:
    theirs = receipt_of(STORED, STORED)
    assert merge(receipt_of(STORED, STORED, file=NOTED), theirs, NOTED, is_ours_later=False) is theirs


def test_merged_receipt_has_status_keys_and_counts_of_both() -> None:
    merged = merge(receipt_of(STORED, TRANSIENT), receipt_of(TRANSIENT, stored(OTHER_SHA256, reused=True)), FILE)
    assert merged.status is Status.STORED
    assert merged.object_keys == [f"images/{SHA256}.jpg", f"images/{OTHER_SHA256}.jpg"]
    assert tuple(merged.counts.model_dump().values()) == (1, 1, 0, 1400)


def test_merged_receipt_has_the_urls_of_the_request() -> None:
    """The stored receipt of the other run has no query strings."""
    theirs = Receipt.model_validate_json(receipt_of(TRANSIENT, STORED).to_stored_json())
    merged = merge(receipt_of(STORED, TRANSIENT), theirs, FILE)
    assert [image.url for image in merged.images] == URLS
    assert b"signed" not in merged.to_stored_json()
