"""The progress line of `make bulk`."""

import pytest
from infra.bulk.progress import COLUMNS, Progress, ProgressLine, format_duration, format_line


@pytest.mark.parametrize(
    ("progress", "expected"),
    [
        (Progress("RUNNING", seconds=3), "reading the list, 3 s"),
        (
            Progress("RUNNING", 800, seconds=3),
            "[........................]   0%  0 of 800 done, waiting for the first batch",
        ),
        (
            Progress("RUNNING", 1_000_000, 250_000, seconds=100),
            "[###..........]  25%  250,000 of 1,000,000 done, 2,500 a second, 5 min 0 s left",
        ),
        (
            Progress("RUNNING", 1_000_000, 250_000, 50, seconds=100),
            "25%  250,000 of 1,000,000 done, 50 failed, 2,500 a second, 5 min 0 s left",
        ),
        (
            Progress("RUNNING", 10**9, 10**6, 5000, seconds=10),
            "[........]   0%  1,000,000 of 1,000,000,000 done, 5,000 failed, 2 h 46 min left",
        ),
        (
            Progress("SUCCEEDED", 10, 10, seconds=4),
            "[########################] 100%  10 of 10 done, 2 a second",
        ),
    ],
)
def test_format_line_shows_share_rate_and_time_left(progress: Progress, expected: str) -> None:
    assert expected == format_line(progress)


@pytest.mark.parametrize("total", [0, 1, 10**4, 10**7, 10**9, 10**20])
@pytest.mark.parametrize("share", [0, 0.001, 0.5, 1])
@pytest.mark.parametrize("seconds", [0, 1, 10**6])
def test_format_line_never_exceeds_its_width(total: int, share: float, seconds: float) -> None:
    done = int(total * share)
    for failed in (0, done):
        progress = Progress("RUNNING", total, done, failed, seconds)
        assert len(format_line(progress)) < COLUMNS
        assert len(format_line(progress, 39)) <= 39


@pytest.mark.parametrize(("columns", "longest"), [("40", 39), ("200", 79)])
def test_progress_line_overwrites_itself_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], columns: str, longest: int
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", columns)
    line = ProgressLine()
    for done in (250_000, 250_001, 250_002):
        line.show(Progress("RUNNING", 1_000_000, done, seconds=100))
    line.close()

    first, *shown = capsys.readouterr().out.split("\r\x1b[K")
    assert (first, len(shown)) == ("", 3)
    assert shown[-1].endswith("\n")
    assert "\n" not in "".join(shown[:-1])
    assert longest == max(len(text.rstrip("\n")) for text in shown)


def test_progress_line_prints_rarely_when_output_is_not_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    line = ProgressLine()
    for done in range(100):
        line.show(Progress("RUNNING", 100, done))
    line.show(Progress("SUCCEEDED", 100, 100))

    assert len(capsys.readouterr().out.splitlines()) == 2


def test_duration_names_the_two_largest_units() -> None:
    assert [format_duration(seconds) for seconds in (0.4, 59, 200, 7500)] == ["0 s", "59 s", "3 min 20 s", "2 h 5 min"]
