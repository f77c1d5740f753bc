"""`make smoke` as a program: its exit status and what it prints, over a run in memory."""

from collections.abc import Callable

import pytest
from botocore.exceptions import NoCredentialsError, NoRegionError
from infra.bulk.stack import BulkError
from infra.smoke import __main__ as command
from infra.smoke.check import CheckResult, Result

FAILED = CheckResult("queue", Result.FAILED, 1, "No receipt.", "Enable the event source.")
GOOD = [CheckResult("POST /files", Result.OK, 1), CheckResult("invoke", Result.SKIPPED, 0, "no function")]


def do_nothing() -> None:
    pass


def interrupt() -> None:
    raise KeyboardInterrupt


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Run the command over the results of a run."""

    class FakeRun:
        def __init__(self, results: list[CheckResult], left: list[str], act: Callable[[], None]) -> None:
            self.results, self.left, self.run = results, left, act
            self.has_failed = FAILED in results

    def run_command(
        results: list[CheckResult], left: list[str] | None = None, act: Callable[[], None] = do_nothing
    ) -> int:
        monkeypatch.setattr(command, "Deployed", lambda *_: None)
        monkeypatch.setattr(command, "SmokeRun", lambda *_: FakeRun(results, left or [], act))
        return command.main()

    monkeypatch.setattr("sys.argv", ["smoke"])
    monkeypatch.setattr(command, "install_signal_handlers", do_nothing)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    return run_command


@pytest.mark.parametrize(
    ("status", "results", "left", "shown"),
    [
        (0, GOOD, [], "The run left nothing behind."),
        (1, [*GOOD, FAILED], [], "No receipt. To do: Enable the event source."),
        (0, GOOD, ["s3://a/b: AccessDenied"], "Not removed:\n  s3://a/b: AccessDenied"),
    ],
)
def test_smoke_returns_whether_a_check_failed_and_lists_what_is_left(
    run: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
    *,
    status: int,
    results: list[CheckResult],
    left: list[str],
    shown: str,
) -> None:
    assert run(results, left) == status
    assert shown in capsys.readouterr().out


def test_smoke_lists_what_is_left_after_ctrl_c(run: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    assert run([], ["receipts/a.json may still come"], interrupt) == 130
    assert capsys.readouterr().out.endswith("Stopped.\n\nNot removed:\n  receipts/a.json may still come\n")


def test_smoke_has_sent_nothing_when_it_is_stopped_while_it_connects(
    run: Callable[..., int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "_connect", lambda *_: interrupt())
    assert run(GOOD) == 130
    assert capsys.readouterr().out.endswith("\nStopped. Nothing was sent.\n")


@pytest.mark.parametrize(
    "error", [BulkError("The stack dev cannot be read: no."), NoRegionError(), NoCredentialsError()]
)
def test_smoke_returns_2_if_the_stack_cannot_be_read(
    run: Callable[..., int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Exception
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(command, "_connect", fail)
    assert run(GOOD) == 2
    assert f"make smoke: {str(error).rstrip('.')}.\n" in capsys.readouterr().err


@pytest.mark.parametrize("wait", ["0", "601", "-1", "nan", "1.5", "soon", ""])
def test_smoke_refuses_an_impossible_wait(
    run: Callable[..., int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], wait: str
) -> None:
    monkeypatch.setattr("sys.argv", ["smoke", f"--wait={wait}"])
    with pytest.raises(SystemExit, match="2"):
        run(GOOD)
    assert f"WAIT={wait}: expected whole seconds, from 1 to 600" in capsys.readouterr().err
