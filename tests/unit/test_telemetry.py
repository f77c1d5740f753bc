"""`Telemetry`: log lines of images and Files, metrics in EMF, limits of CloudWatch, and no secrets."""

import json
import logging
import re
from collections.abc import Callable
from typing import Any

import pytest

from intake import telemetry
from intake.model.error_codes import InvalidUrl, StoreDenied
from intake.model.file import File
from intake.model.image_info import ImageWarning
from intake.model.outcome import Failed, FetchStats, Source
from intake.model.url import Url
from support.telemetry_outcomes import FILE, OUTCOMES, receipt, stored

LINE_FIELDS = {"level", "message", "timestamp", "service", "file_id", "status"}
IMAGE_FIELDS = {"role", "index", "url", "attempts", "fetch_ms", "store_ms"}
STORED_FIELDS = IMAGE_FIELDS | {"key", "type", "bytes", "reused", "source"}

MAX_FIELDS, MAX_LINE_BYTES = 200, 256_000
"""The fields that CloudWatch Logs Insights discovers in a line, and the bytes of an event (26 are not the line's)."""


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


def test_logger_writes_the_time_in_the_format_of_rfc_3339(lines: list[dict[str, Any]]) -> None:
    """Lambda recognizes the level of a line only with such a time."""
    telemetry.logger.info("now")
    [line] = lines
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(Z|[+-]\d\d:\d\d)", line["timestamp"])
