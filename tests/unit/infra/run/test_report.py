"""What `make run` prints at its end."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from infra.run.failure_reasons import Reason
from infra.run.report import print_result
from infra.run.run_folder import RunFolder

from intake.model.bulk_report import Summary, Totals
from intake.model.limits import Limits
from intake.model.source_bucket import SourceBucket
from intake.settings.config import Config

RUN = RunFolder(Path("my pictures"), "urls-1", "urls.txt", "0" * 64, datetime.now(UTC))
ALL_STORED = Totals(files=1200, status={"stored": 1200}, images={"stored": 1000, "reused": 200}, bytes=123_456_789)
SOME_FAILED = Totals(
    files=3, status={"stored": 1, "failed": 1, "refused": 1}, images={"stored": 1, "failed": 1}, codes={"timeout": 1}
)


def printed(
    capsys: pytest.CaptureFixture[str], *blocked: str, rows: int = 3, others: Sequence[Reason] = (), **members: Any
) -> list[str]:
    summary = Summary(run="urls-1", ended_at="", **{"seconds": 2.0, "counts": SOME_FAILED} | members)
    config = Config(
        image_bucket="", limits=Limits(allowed_ports=(80, 9000)), source_buckets=(SourceBucket("scans", "eu-west-1"),)
    )
    reasons = [Reason("blocked", text) for text in blocked]
    print_result(RUN, summary, [*reasons, *others], rows=rows, config=config, settings={})
    return capsys.readouterr().out.splitlines()


def test_report_says_what_was_stored_and_where(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys, seconds=65.4, counts=ALL_STORED, rows=1200) == [
        "1,200 rows in 1 min 5 s, 18 images a second",
        "  images   1,000 stored, 200 reused; 123,456,789 bytes",
        "Images: my pictures/images/",
        "The table, with a row for each image: my pictures/runs/urls-1/images/*.jsonl.gz",
    ]


def test_report_says_what_failed_and_how_to_send_it_again(capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(capsys, failed_key="runs/urls-1/failed.jsonl", retryable_key="runs/urls-1/retryable.jsonl")
    assert lines[2:4] == ["  failed   1 timeout", "  refused  1 row that is no File"]
    again = "make run LIST='my pictures/runs/urls-1/retryable.jsonl' OUT='my pictures'"
    assert lines[6:] == [
        "The rows that failed, with reasons: my pictures/runs/urls-1/failed.jsonl",
        f"To send again those that may succeed: {again}",
    ]


@pytest.mark.parametrize(
    "error",
    ["Ctrl-C", "No space left on device", "a worker process was killed", "1 of 9 groups of rows have no report"],
)
def test_report_says_why_the_run_stopped(capsys: pytest.CaptureFixture[str], error: str) -> None:
    lines = printed(capsys, complete=False, error=error, rows=7000)
    assert lines[-2:] == [f"Stopped after 3 of 7,000 rows: {error}.", "The same command goes on."]


def test_next_command_has_the_settings_of_this_one(capsys: pytest.CaptureFixture[str]) -> None:
    summary = Summary(run="urls-1", ended_at="", seconds=1.0, counts=SOME_FAILED, retryable_key="runs/urls-1/r")
    settings = {"ALLOW": "10.0.0.0/8", "CONTACT": "a b"}
    print_result(RUN, summary, [], rows=3, config=Config(image_bucket=""), settings=settings)
    assert " OUT='my pictures' ALLOW=10.0.0.0/8 CONTACT='a b'\n" in capsys.readouterr().out


@pytest.mark.parametrize("seconds", [0.0, 0.0004])
def test_report_has_a_rate_when_the_run_took_no_time(capsys: pytest.CaptureFixture[str], seconds: float) -> None:
    assert printed(capsys, seconds=seconds)[0].startswith("3 rows in 0 s, ")


@pytest.mark.parametrize(
    ("reasons", "expected"),
    [
        (
            ["10.0.0.7: private use"],
            ["10.0.0.7: private use", "To allow what is yours: ALLOW=10.0.0.0/8"],
        ),
        (
            [f"{url}: port not in ALLOWED_PORTS" for url in ("http://a.example:8080", "https://b.example:81")],
            [
                "http://a.example:8080: ",
                "https://b.example:81: ",
                "To allow what is yours: ALLOWED_PORTS=80,81,8080,9000",
            ],
        ),
        (
            [
                f"{url}: port not in ALLOWED_PORTS"
                for url in ("http://a.example", "https://b.example", "https://[::1]:7")
            ],
            ["http", "https://b", "https://[::1]:7: ", "To allow what is yours: ALLOWED_PORTS=7,80,443,9000"],
        ),
        (["ftp: scheme"], ["ftp: scheme"]),
        (
            ["http://127.0.0.1:8000: port not in ALLOWED_PORTS", "192.168.1.5 192.168.1.5: private use"],
            [
                "http://127.0.0.1:8000: ",
                "192.168.1.5: private use",
                "To allow what is yours: ALLOWED_PORTS=80,8000,9000 ALLOW=127.0.0.0/8,192.168.0.0/16",
            ],
        ),
        (["169.254.169.254: link-local", "x 8.8.8.8: x"], ["169.254.169.254: link-local", "x 8.8.8.8: x"]),
        (
            [f"10.0.0.{n}: loopback" for n in range(9)],
            [*[f"10.0.0.{n}: " for n in range(5)], "...", "To allow what is yours: ALLOW=10.0.0.0/8"],
        ),
        (
            [f"s3://{name}: bucket not in SOURCE_BUCKETS" for name in ("photos", "old.scans")],
            ["s3://photos: ", "s3://old", "To allow what is yours: SOURCE_BUCKETS=scans@eu-west-1,photos,old.scans"],
        ),
        ([], []),
    ],
)
def test_report_says_why_urls_were_blocked_and_what_allows_them(
    capsys: pytest.CaptureFixture[str], reasons: list[str], expected: list[str]
) -> None:
    lines = [line.removeprefix("  blocked  ") for line in printed(capsys, *reasons) if line.startswith("  blocked")]
    assert len(lines) == len(expected)
    assert all(line.startswith(text) for line, text in zip(lines, expected, strict=True)), lines


def test_report_says_why_images_failed_if_no_receipt_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    damaged = [Reason("failed", f"corrupt_image: http://a/{n}.jpg: the last MCU is missing") for n in range(6)]
    unsure = Reason("warning", "decode_warning: http://a/1.heic: no decoder")
    lines = printed(capsys, "http://a:22: port not allowed", others=[*damaged, unsure])
    assert lines[-10:-2] == [
        "  blocked  http://a:22: port not allowed",
        *(f"  failed   corrupt_image: http://a/{n}.jpg: the last MCU is missing" for n in range(5)),
        "  failed   ...",
        "  warning  decode_warning: http://a/1.heic: no decoder",
    ]
