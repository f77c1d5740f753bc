"""`Telemetry`: one JSON line for each image and each File, metrics in EMF, and no secrets."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from intake import telemetry
from intake.model.errors import Blocked, InternalError, NotFound, StoreDenied
from intake.model.file import File
from intake.model.image_info import ImageInfo
from intake.model.outcome import Failed, FetchStats, Outcome, Stored
from intake.model.receipt import Receipt
from intake.model.url import Url

FILE = File.parse(
    {
        "id": "lot-7",
        "urls": ["https://a.example/1.jpg?X-Amz-Signature=secret", "https://u:secret@a.example/2", "x", "y"],
    }
)
IMAGE_FIELDS = {"file_id", "role", "index", "url", "attempts", "fetch_ms", "store_ms", "status"}
LINE_FIELDS = {"level", "message", "timestamp", "service"}


def bug() -> InternalError:
    return InternalError.of(ZeroDivisionError("a bug at https://u:secret@a.example/?token=secret"))


OUTCOMES: tuple[Outcome, ...] = (
    Stored(
        ImageInfo("jpeg", 4, 3, 1, "image/jpeg", "jpg"), "images/ab/abc.jpg", "abc", 700, Url.parse("https://a.example/1.jpg"),
        reused=False, stats=FetchStats(1, 20, 5),
    ),
    Failed(Blocked(reason="address 10.0.0.1: private use"), FetchStats(1, 1, 0)),
    Failed(NotFound("The origin answered 404."), FetchStats(1, 7, 0)),
    Failed(bug(), FetchStats(1, 0, 0)),
)  # fmt: skip


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[list[dict[str, Any]]]:
    """Return the list that collects log lines; at the end, no output may contain the secrets of `FILE`."""
    telemetry.logger.remove_keys(["request_id"])  # from a handler that another test called
    handler = telemetry.logger.registered_handler
    found: list[dict[str, Any]] = []

    class Stream:
        def write(self, text: str) -> None:
            found.extend(json.loads(line) for line in text.splitlines() if line)

        def flush(self) -> None:
            """Do nothing: lines are not buffered."""

    monkeypatch.setattr(handler, "stream", Stream())
    yield found
    assert "secret" not in json.dumps(found) + capsys.readouterr().out


def receipt() -> Receipt:
    return Receipt.of(FILE, OUTCOMES, bucket="b", created_at=datetime(2026, 11, 22, tzinfo=UTC), elapsed_ms=41)


def test_telemetry_logs_one_line_with_the_same_fields_for_each_image(lines: list[dict[str, Any]]) -> None:
    telemetry.Telemetry().images_done(FILE, OUTCOMES)
    assert [line["index"] for line in lines] == [0, 1, 2, 3]
    for line in lines:
        assert line.keys() >= LINE_FIELDS | IMAGE_FIELDS
    assert lines[0].keys() == LINE_FIELDS | IMAGE_FIELDS | {"key", "type", "bytes", "reused"}
    assert lines[2].keys() == LINE_FIELDS | IMAGE_FIELDS | {"code", "reason"}


def test_telemetry_logs_the_reason_of_a_blocked_url(lines: list[dict[str, Any]]) -> None:
    telemetry.Telemetry().images_done(FILE, OUTCOMES)
    assert (lines[1]["code"], lines[1]["reason"]) == ("blocked", "address 10.0.0.1: private use")


def test_telemetry_logs_a_bug_as_an_error_with_its_traceback(lines: list[dict[str, Any]]) -> None:
    telemetry.Telemetry().images_done(FILE, OUTCOMES)
    assert [line["level"] for line in lines] == ["INFO", "INFO", "INFO", "ERROR"]
    assert "ZeroDivisionError: a bug" in lines[3]["exception"]


def test_telemetry_logs_one_line_for_a_file(lines: list[dict[str, Any]]) -> None:
    telemetry.Telemetry().file_done(receipt(), None)
    [line] = lines
    expected = {
        "file_id": "lot-7",
        "status": "partial",
        "images": 4,
        "stored": 1,
        "reused": 0,
        "failed": 3,
        "bytes": 700,
    }
    assert expected.items() <= line.items()
    assert line["level"] == "INFO"


def test_telemetry_logs_an_error_when_the_receipt_is_not_stored(lines: list[dict[str, Any]]) -> None:
    telemetry.Telemetry().file_done(receipt(), StoreDenied(reason="S3 answered 403 AccessDenied"))
    [line] = lines
    assert (line["level"], line["code"], line["reason"]) == ("ERROR", "store_denied", "S3 answered 403 AccessDenied")


def parse_emf(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines() if '"_aws"' in line]


def test_telemetry_writes_metrics_in_emf_with_failures_by_code(
    capsys: pytest.CaptureFixture[str], lines: list[dict[str, Any]]
) -> None:
    telemetry.Telemetry().images_done(FILE, OUTCOMES)
    telemetry.Telemetry().file_done(receipt(), None)
    assert len(lines) == 5
    *by_code, total = parse_emf(capsys.readouterr().out)
    expected = {
        "ImagesStored": [1.0],
        "ImagesReused": [0.0],
        "ImagesFailed": [3.0],
        "ImageBytes": [700.0],
        "FileMilliseconds": [41.0],
        "FetchMilliseconds": [20.0, 1.0, 7.0],
        "StoreMilliseconds": [5.0],
    }
    assert expected.items() <= total.items()
    assert {line["code"]: line["ImagesFailed"] for line in by_code} == {
        "blocked": [1.0],
        "not_found": [1.0],
        "internal_error": [1.0],
    }
    assert all(line["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "ImageIntake" for line in (total, *by_code))


def test_telemetry_counts_images_of_a_skipped_file_as_deadline_exceeded(
    capsys: pytest.CaptureFixture[str], lines: list[dict[str, Any]]
) -> None:
    telemetry.Telemetry().file_skipped(FILE)
    [line] = lines
    expected = {"message": "file skipped", "file_id": "lot-7", "images": 4, "code": "deadline_exceeded"}
    assert expected.items() <= line.items()
    total, by_code = parse_emf(capsys.readouterr().out)
    assert [4.0] == total["ImagesFailed"] == by_code["ImagesFailed"]
    assert by_code["code"] == "deadline_exceeded"
    assert "code" not in total


def test_logger_writes_the_time_in_the_format_of_rfc_3339(lines: list[dict[str, Any]]) -> None:
    """Lambda recognizes the level of a line only with such a time."""
    telemetry.logger.info("now")
    [line] = lines
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(Z|[+-]\d\d:\d\d)", line["timestamp"])


def test_telemetry_counts_a_download_once_when_two_images_share_it(
    capsys: pytest.CaptureFixture[str], lines: list[dict[str, Any]]
) -> None:
    twice = File.parse({"id": "lot-8", "urls": ["x", "x"]})
    outcomes = (Failed(NotFound(), effort := FetchStats(1, 9, 0)), Failed(NotFound(), effort))
    written = Receipt.of(twice, outcomes, bucket="b", created_at=datetime(2026, 11, 22, tzinfo=UTC), elapsed_ms=9)
    telemetry.Telemetry().images_done(twice, outcomes)
    telemetry.Telemetry().file_done(written, None)
    assert len(lines) == 3
    assert parse_emf(capsys.readouterr().out)[-1]["FetchMilliseconds"] == [9.0]
