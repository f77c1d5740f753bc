"""`Telemetry`: log lines of images and Files, metrics in EMF, limits of CloudWatch, and no secrets."""

import json
import logging
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from intake import telemetry
from intake.ingest.ports import DocumentFault
from intake.model.error_codes import Blocked, InternalError, InvalidUrl, NotFound, StoreDenied
from intake.model.file import File
from intake.model.image_info import ImageInfo, ImageWarning
from intake.model.outcome import Failed, FetchStats, Outcome, Source, Stored
from intake.model.receipt import Receipt
from intake.model.url import Url

FILE = File.parse(
    {
        "id": "lot-7",
        "urls": [
            "https://a.example/1.jpg?X-Amz-Signature=secret",
            {"url": "https://u:secret@a.example/2", "note": {"secret": "secret"}},
            "x",
            "y",
        ],
        "note": {"secret": ["secret"]},
    }
)
LINE_FIELDS = {"level", "message", "timestamp", "service", "file_id", "status"}
IMAGE_FIELDS = {"role", "index", "url", "attempts", "fetch_ms", "store_ms"}
STORED_FIELDS = IMAGE_FIELDS | {"key", "type", "bytes", "reused", "source"}

MAX_FIELDS, MAX_LINE_BYTES = 200, 256_000
"""The fields that CloudWatch Logs Insights discovers in a line, and the bytes of an event (26 are not the line's)."""


def bug() -> InternalError:
    return InternalError.of(ZeroDivisionError("a bug at https://u:secret@a.example/?token=secret"))


def stored(source: Source = Source.FETCHED, warnings: tuple[ImageWarning, ...] = ()) -> Stored:
    info = ImageInfo("jpeg", 4, 3, 1, "image/jpeg", "jpg")
    url, stats = Url.parse("https://a.example/1.jpg"), FetchStats(1, 20, 5)
    return Stored(info, "images/ab/abc.jpg", "abc", 700, url, source is not Source.FETCHED, stats, warnings, source)


OUTCOMES: tuple[Outcome, ...] = (
    stored(),
    Failed(Blocked(reason="address 10.0.0.1: private use"), FetchStats(1, 1, 0)),
    Failed(NotFound("The origin answered 404."), FetchStats(1, 7, 0)),
    Failed(bug(), FetchStats(1, 0, 0)),
)


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[list[dict[str, Any]]]:
    """Return the list that collects log lines; at the end, no output may contain the secrets of `FILE`."""
    telemetry.logger.remove_keys(["request_id"])  # from a handler that another test called
    handler = telemetry.logger.registered_handler
    found: list[dict[str, Any]] = []

    class Stream:
        def write(self, text: str) -> None:
            assert text.endswith("}\n"), "Lambda makes each write an event"
            found.append(json.loads(text))

        def flush(self) -> None:
            """Do nothing: lines are not buffered."""

    monkeypatch.setattr(handler, "stream", Stream())
    telemetry.flush_metrics()  # of another test
    capsys.readouterr()
    yield found
    telemetry.flush_metrics()
    assert "secret" not in json.dumps(found) + capsys.readouterr().out


@pytest.fixture
def set_level() -> Iterator[Callable[[int], None]]:
    before = telemetry.logger.log_level
    yield telemetry.logger.setLevel
    telemetry.logger.setLevel(before)


def receipt() -> Receipt:
    return Receipt.of(FILE, OUTCOMES, bucket="b", created_at=datetime(2026, 11, 22, tzinfo=UTC), elapsed_ms=41)


def test_telemetry_logs_stored_images_in_one_line_and_each_failed_image_in_its_own(lines: list[dict[str, Any]]) -> None:
    telemetry.Telemetry().images_done(FILE, OUTCOMES)
    assert [line["message"] for line in lines] == ["images stored", *["image failed"] * 3]
    assert lines[0].keys() == LINE_FIELDS | {"entries"}
    assert [set(entry) for entry in lines[0]["entries"]] == [STORED_FIELDS]
    assert [line["index"] for line in lines[1:]] == [1, 2, 3]
    assert lines[2].keys() == LINE_FIELDS | IMAGE_FIELDS | {"host", "code", "reason"}


@pytest.mark.parametrize(
    ("source", "warnings", "shown"),
    [
        (Source.FETCHED, (ImageWarning.TRAILING_DATA,), "trailing_data"),
        (Source.UNCHANGED, (ImageWarning.MISSING_TRAILER, ImageWarning.UNCLEAN_CLOSE), "missing_trailer,unclean_close"),
        (Source.FRESH, (), None),
        (Source.KNOWN, tuple(ImageWarning), ",".join(ImageWarning)),
    ],
)
def test_telemetry_logs_source_and_warnings_of_a_stored_image(
    source: Source, warnings: tuple[ImageWarning, ...], shown: str | None, lines: list[dict[str, Any]]
) -> None:
    telemetry.Telemetry().images_done(File.parse({"urls": ["https://a.example/1.jpg"]}), [stored(source, warnings)])
    [entry] = lines[0]["entries"]
    assert (entry["source"], entry.get("warnings")) == (source.value, shown)


def count_fields(value: object) -> int:
    """Count the fields that CloudWatch Logs Insights discovers: it flattens objects and lists."""
    if isinstance(value, dict | list):
        return sum(count_fields(inner) for inner in (value.values() if isinstance(value, dict) else value))
    return 1


@pytest.mark.parametrize(
    "url",
    [
        "https://a.example/1.jpg",
        "https://a.example/" + "x" * 4096,
        "https://a.example/" + '"' * 1350,
        "https://a.example/" + "\u00e9\u20ac" * 270,
        "https://a.example/" + "\U0001f4f7" * 4096,  # longer than a URL that can be stored
    ],
)
@pytest.mark.parametrize("number", [1, 12, 13, 101, 500])
def test_lines_of_stored_images_stay_within_the_limits_of_cloudwatch(
    number: int, url: str, lines: list[dict[str, Any]]
) -> None:
    file = File.parse(
        {"id": "i" * 128, "urls": [url[:4090] + f"/{index}" for index in range(number)]}, max_base_images=500
    )
    telemetry.logger.append_keys(request_id="c0ffee00-0000-4000-8000-000000000000")
    telemetry.Telemetry().images_done(file, [stored(Source.KNOWN, tuple(ImageWarning))] * number)
    telemetry.logger.remove_keys(["request_id"])
    assert [entry["index"] for line in lines for entry in line["entries"]] == list(range(number))
    for line in lines:
        assert count_fields(line) <= MAX_FIELDS
        assert len(json.dumps(line, ensure_ascii=False).encode()) <= MAX_LINE_BYTES
    constant = [{name: value for name, value in line.items() if name not in {"timestamp", "entries"}} for line in lines]
    assert constant == [constant[0]] * len(lines)


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("cdn.example", "https://CDN.example/1.jpg?secret"),
        ("a.example:8080", "http://u:secret@a.example:8080/x"),
        ("[::1]", "http://[::1]/"),
        ("", "nonsense"),
        ("", "data:image/png;base64,secret"),
        ("b\u00fccher.example", "https://b\u00fccher.example/a://c.example/"),
    ],
)
def test_telemetry_logs_the_host_of_a_failed_image(host: str, url: str, lines: list[dict[str, Any]]) -> None:
    telemetry.Telemetry().images_done(File.parse({"urls": [url]}), [Failed(InvalidUrl("No."), FetchStats())])
    assert lines[0]["host"] == host


def test_telemetry_logs_why_a_decoder_is_unsure_without_secrets(lines: list[dict[str, Any]]) -> None:
    url = Url.parse("https://a.example/one.avif?X-Amz-Signature=secret")
    telemetry.Telemetry().decoder_unsure(url, "no verdict: see https://b.example/?token=secret")
    [line] = lines
    assert (line["message"], line["url"]) == ("decoder unsure", "https://a.example/one.avif")
    assert line["reason"] == "no verdict: see https://b.example/"


def test_telemetry_writes_no_line_of_stored_images_above_level_info(
    monkeypatch: pytest.MonkeyPatch, set_level: Callable[[int], None], lines: list[dict[str, Any]]
) -> None:
    set_level(logging.WARNING)
    monkeypatch.setattr(telemetry, "_stored_entry", None)  # its time is saved as well
    telemetry.Telemetry().images_done(FILE, OUTCOMES)
    assert [line["message"] for line in lines] == ["image failed"]
    assert lines[0]["code"] == "internal_error"


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


def written_metrics(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    telemetry.flush_metrics()
    return [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]


def test_telemetry_writes_metrics_in_emf_with_failures_by_code(
    capsys: pytest.CaptureFixture[str], lines: list[dict[str, Any]]
) -> None:
    telemetry.Telemetry().images_done(FILE, OUTCOMES)
    telemetry.Telemetry().file_done(receipt(), None)
    assert len(lines) == 5
    total, *by_code = written_metrics(capsys)
    expected = {
        "ImagesStored": [1.0],
        "ImagesReused": [0.0],
        "ImagesKnown": [0.0],
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
    total, by_code = written_metrics(capsys)
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
    assert written_metrics(capsys)[0]["FetchMilliseconds"] == [9.0]


def test_telemetry_counts_the_stored_images_that_were_not_fetched(
    capsys: pytest.CaptureFixture[str], lines: list[dict[str, Any]]
) -> None:
    outcomes = [stored(source) for source in Source] + [Failed(NotFound(), FetchStats())]
    telemetry.Telemetry().images_done(File.parse({"urls": ["x"] * 5}), outcomes)
    telemetry.Telemetry().file_done(receipt(), None)
    [total, _] = written_metrics(capsys)
    assert (total["ImagesKnown"], total["ImagesReused"], total["ImagesStored"]) == ([3], [3], [1])
    assert [entry["source"] for entry in lines[0]["entries"]] == ["fetched", "unchanged", "fresh", "known"]


def test_telemetry_counts_unread_known_documents_by_fault_and_logs_them_at_level_debug(
    capsys: pytest.CaptureFixture[str], set_level: Callable[[int], None], lines: list[dict[str, Any]]
) -> None:
    set_level(logging.DEBUG)
    for fault in (*DocumentFault, DocumentFault.MISSING):
        telemetry.Telemetry().known_document_unread(fault, "details")
    telemetry.Telemetry().file_done(receipt(), None)
    assert [line["fault"] for line in lines if line["level"] == "DEBUG"] == [*DocumentFault, "missing"]
    assert lines[0]["reason"] == "details"
    counts = {line["fault"]: sum(line["KnownDocumentsUnread"]) for line in written_metrics(capsys) if "fault" in line}
    assert counts == {"missing": 2, "denied": 1, "slow": 1, "failed": 1, "invalid": 1, "unwritten": 1}


def test_metrics_of_many_files_share_a_line(capsys: pytest.CaptureFixture[str], lines: list[dict[str, Any]]) -> None:
    for _ in range(120):
        telemetry.Telemetry().images_done(FILE, OUTCOMES[:1] + OUTCOMES[2:3] * 3)
        telemetry.Telemetry().file_done(receipt(), None)
    assert len(lines) == 5 * 120
    totals = [line for line in written_metrics(capsys) if "code" not in line]
    assert len(totals) <= 1 + 240 // 100  # a File has two times of fetching
    assert sum(sum(line.get("ImagesFailed", [])) for line in totals) == 3 * 120
    assert sum(len(line.get("FileMilliseconds", [])) for line in totals) == 120
