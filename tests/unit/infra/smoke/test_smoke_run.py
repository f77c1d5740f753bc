"""One run, over a stack in memory: the order of the rows, failures that are explained, and what is always removed."""

import re
from typing import Any

import pytest
from infra.build.template_file import ROOT
from infra.smoke import smoke_run as module
from infra.smoke.check import RESTORE, Check, CheckFailed, Result
from infra.smoke.cleanup import STOPPED_SECONDS
from infra.smoke.smoke_context import SmokeContext
from infra.smoke.smoke_run import SmokeRun

from support.smoke_fakes import FakeDeployed, aws_error


class Run(FakeDeployed):
    """A stack that a run uploads its pictures to."""

    def __init__(self, upload: Exception | None = None) -> None:
        super().__init__(
            variables={"IMAGE_TYPES": "png", "MAX_BASE_IMAGES": "100"}, outputs={"HttpFunctionName": "http"}
        )
        self.s3 = self.lambda_ = self
        self.uploaded: list[str] = []
        self._error = upload

    def presign(self, key: str) -> str:
        return f"https://inbox.example/{key}"

    def put_object(self, **request: Any) -> None:
        if self._error:
            raise self._error
        self.uploaded.append(request["Key"])

    def get_function_configuration(self, **_: str) -> dict[str, str]:
        raise aws_error("ResourceNotFoundException")


@pytest.fixture(autouse=True)
def removed(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that each cleanup waits for results. There are no alarms, and only one row after the entry points."""
    waits: list[float] = []

    def clean_up(_: SmokeContext, seconds: float) -> list[str]:
        waits.append(seconds)
        return ["s3://a/b: AccessDenied"]

    class NoAlarms:
        def __init__(self, _: object) -> None:
            pass

        def check(self) -> Check:
            return Check("alarms", lambda: "")

    monkeypatch.setattr(module, "clean_up", clean_up)
    monkeypatch.setattr(module, "AlarmWatch", NoAlarms)
    return waits


def run_with(monkeypatch: pytest.MonkeyPatch, deployed: Run, *checks: Check) -> SmokeRun:
    monkeypatch.setattr(
        module, "_group_checks", lambda context: [[module._explain(context, ["Http"], one)] for one in checks]
    )
    return SmokeRun(deployed, 0)  # type: ignore[arg-type]


def fail() -> str:
    raise CheckFailed("Expected status 207, got 500.", "Read the log.")


def interrupt() -> str:
    raise KeyboardInterrupt


def test_run_has_a_row_for_each_check_and_explains_a_failure(
    monkeypatch: pytest.MonkeyPatch, removed: list[float]
) -> None:
    deployed = Run()
    run = run_with(monkeypatch, deployed, Check("POST /files", fail), Check("manifest", lambda: ""))
    run.run()
    names = ["pictures in the inbox bucket", "POST /files", "manifest", "receipts are the same", "stored images"]
    assert [row.name for row in run.results] == [*names, "failure queues", "alarms"]
    assert run.results[1].found == "Expected status 207, got 500. The function http does not exist."
    assert run.results[1].advice == RESTORE  # not the log of a function that does not run
    assert (run.has_failed, run.left, removed) == (True, ["s3://a/b: AccessDenied"], [0.0])
    assert {key.split("/")[0] for key in deployed.uploaded} == {"smoke"}


def test_run_without_pictures_tries_no_entry_point(monkeypatch: pytest.MonkeyPatch, removed: list[float]) -> None:
    run = run_with(monkeypatch, Run(aws_error("AccessDenied", "PutObject")), Check("POST /files", fail))
    run.run()
    assert [row.result for row in run.results[:2]] == [Result.FAILED, Result.SKIPPED]
    assert run.results[1].found == "needs the pictures"
    assert removed == [0.0]


def test_stopped_run_waits_for_results_and_removes_them(monkeypatch: pytest.MonkeyPatch, removed: list[float]) -> None:
    run = run_with(monkeypatch, Run(), Check("POST /files", interrupt), Check("manifest", lambda: ""))
    with pytest.raises(KeyboardInterrupt):
        run.run()
    assert (run.left, removed) == (["s3://a/b: AccessDenied"], [STOPPED_SECONDS])


def test_every_entry_point_has_its_rows_and_the_page_lists_all() -> None:
    run = SmokeRun(Run(), 0)  # type: ignore[arg-type]
    names = [check.name for group in module._group_checks(run._context) for check in group]
    assert names[0] == "functions"
    assert names[-1] == "rights"
    assert [name for name in names if "refusals" in name] == [
        "POST /files: refusals",
        "manifest: refusals",
        "bulk list: refusals",
        "invoke: refusals",
        "queue: refusals",
    ]
    assert len(names) == len(set(names)) == 14
    page = (ROOT / "docs" / "smoke.md").read_text()
    rows = re.findall(
        r"^\| ([^|`]+) \| [a-zA-Z0-9]", page.partition("## Read the table")[2].partition("##")[0], re.MULTILINE
    )
    last = ["receipts are the same", "stored images", "failure queues", "alarms"]
    assert rows[1:] == ["pictures in the inbox bucket", *names, *last]
