"""The metrics of Telemetry, in EMF."""

import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from intake import telemetry
from intake.ingest.ports import DocumentFault
from intake.model.error_codes import NotFound
from intake.model.file import File
from intake.model.outcome import Failed, FetchStats, Source
from intake.model.receipt import Receipt
from support.telemetry_outcomes import FILE, OUTCOMES, receipt, stored


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
