"""What `make bulk` shows: a line that says how far a run is, and what it came to."""

import pytest
from infra.bulk.screen import Screen, duration, line, no_summary, summary
from infra.bulk.stack import Progress


@pytest.mark.parametrize(
    ("progress", "seconds", "said"),
    [
        (Progress("RUNNING"), 3, "reading the list, 3 s"),
        (Progress("RUNNING", 800), 3, "[........................]   0%  0 of 800 done, 0 a second, "),
        (
            Progress("RUNNING", 1_000_000, 250_000, 50),
            100,
            "[######..................]  25%  250,000 of 1,000,000 done, 50 failed, 2,500 a second, 5 min 0 s left",
        ),
        (Progress("SUCCEEDED", 10, 10), 4, "[########################] 100%  10 of 10 done, 2 a second, 0 s left"),
    ],
)
def test_the_line_says_how_far_it_is_how_fast_and_how_long_yet(progress: Progress, seconds: float, said: str) -> None:
    assert line(progress, seconds).startswith(said)


def test_a_terminal_gets_one_line_that_is_written_over_and_is_never_broken(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "40")
    screen = Screen()
    for done in (1, 2, 3):
        screen.show(Progress("RUNNING", 3, done))
    screen.leave()

    first, *lines, last = capsys.readouterr().out.split("\r\x1b[K")
    assert (first, len(lines)) == ("", 2)
    assert {len(shown) for shown in (*lines, last.removesuffix("\n"))} == {39}
    assert "\n" not in "".join(lines)


def test_elsewhere_a_line_comes_only_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    screen = Screen()
    for done in range(100):
        screen.show(Progress("RUNNING", 100, done))
    screen.show(Progress("SUCCEEDED", 100, 100))

    assert len(capsys.readouterr().out.splitlines()) == 2


def test_times_are_said_as_one_says_them() -> None:
    assert [duration(s) for s in (0.4, 59, 200, 7500)] == ["0 s", "59 s", "3 min 20 s", "2 h 5 min"]


def test_a_run_without_failures_has_no_line_for_them() -> None:
    counts = {"files": 2, "status": {"stored": 2}, "images": {"stored": 1, "reused": 1}, "codes": {}, "bytes": 1234}
    found = {"complete": True, "seconds": 61.2, "batches": 1, "counts": counts, "failedKey": None}

    assert summary(found, "the-images", 2) == [
        "2 Files in 1 min 1 s, batches: 1",
        "  Files    2 stored",
        "  images   1 stored, 1 reused; 1,234 bytes",
    ]


def test_a_run_that_was_given_up_is_not_taken_for_the_whole() -> None:
    counts = {"files": 2, "status": {"broken": 2}, "images": {}, "codes": {}, "bytes": 0}
    cause = "States.ExceedToleratedFailureThreshold: too many"
    found = {"complete": False, "error": cause, "seconds": 3, "batches": 1, "counts": counts, "failedKey": "f.jsonl"}

    assert summary(found, "the-images", 1000) == [
        "THIS IS NOT THE WHOLE LIST: the run was given up.",
        f"  {cause}",
        "2 Files in 3 s, batches: 1",
        "  Files    2 broken",
        "  images   none; 0 bytes",
        "What failed, ready to be handed over again: s3://the-images/f.jsonl",
        "Of 1,000 Files that were read of the list, 2 are counted here.",
        "Mend the cause, then hand the whole list over again; what is stored is not stored twice.",
    ]


def test_a_summary_of_a_stack_of_an_earlier_version_is_shown_too() -> None:
    counts = {"files": 2, "status": {"stored": 2}, "images": {"stored": 2}, "codes": {}, "bytes": 7}
    found = {"seconds": 3, "batches": 1, "counts": counts, "failedKey": None}

    assert summary(found, "the-images", 2)[0] == "2 Files in 3 s, batches: 1"


def test_files_that_are_in_no_report_are_told() -> None:
    counts = {"files": 2, "status": {"stored": 2}, "images": {"stored": 2}, "codes": {}, "bytes": 7}
    found = {"complete": True, "seconds": 3, "batches": 1, "counts": counts, "failedKey": None}

    assert summary(found, "the-images", 52)[-1] == "50 Files are in no report: see FAILED_*.json under map/."


def test_a_run_without_a_summary_says_how_to_get_one() -> None:
    assert no_summary("arn:x:run-1", " --endpoint-url http://127.0.0.1:4566")[1] == (
        "  aws --endpoint-url http://127.0.0.1:4566 stepfunctions redrive-execution --execution-arn arn:x:run-1"
    )
