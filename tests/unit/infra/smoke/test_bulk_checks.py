"""A bulk list, tried over a state machine in memory."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest
from infra.bulk.progress import Progress
from infra.smoke.bulk_checks import BulkRun
from infra.smoke.check import CheckFailed, CheckSkipped

from support.smoke_fakes import RUN, FakeDeployed, context_of

REFUSED = [{"row": 2, "errors": [{"path": "fileUrl", "message": "must be a string"}]}]

SUCCEEDED = Progress("SUCCEEDED")


@dataclass
class FakeStack:
    """A stack with a run, or with none."""

    arn: str | None = "arn:run:the-run"
    ended: Progress = SUCCEEDED
    found: Mapping[str, Any] | None = None
    machine: str = "the-machine"

    def find_run_of(self, key: str, _seen: set[str]) -> str | None:
        assert key == f"bulk/{RUN}-bulk.jsonl"
        return self.arn

    def progress(self, _arn: str) -> Progress:
        return self.ended

    def summary(self, run: str) -> Mapping[str, Any] | None:
        assert run == "the-run"
        return self.found


def summary(status: dict[str, int], refused: Any = REFUSED) -> dict[str, Any]:
    return {"counts": {"status": status}, "refused": refused}


def try_list(stack: FakeStack) -> tuple[str, str, list[str]]:
    """Try a list; return how its two checks failed, and what is pending."""
    s3 = SimpleNamespace(put_object=lambda **_: None)
    context = context_of(FakeDeployed(s3=s3, stack=stack))
    outcomes = []
    for check in BulkRun(context).checks():
        try:
            outcomes.append(check.run())
        except (CheckFailed, CheckSkipped) as ended:
            outcomes.append(str(ended))
    return outcomes[0], outcomes[1], list(context.pending)


@pytest.mark.parametrize(
    ("expected", "pending", "stack"),
    [
        ("the start of the run: none within", f"the run of bulk/{RUN}-bulk.jsonl", FakeStack(None)),
        ("the end of the run the-run: none within", "runs/the-run/", FakeStack(ended=Progress("RUNNING"))),
    ],
)
def test_run_that_does_not_start_or_end_stays_pending(expected: str, pending: str, stack: FakeStack) -> None:
    missing = "the run of the list has no summary"
    assert try_list(stack) == (f"{expected} 0 seconds (WAIT).", missing, [pending])


BROKEN = Progress("FAILED", error="Broken: by a test")


@pytest.mark.parametrize(
    ("expected", "stack"),
    [
        ("The run the-run ended as FAILED. Broken: by a test", FakeStack(ended=BROKEN)),
        ("The run the-run ended as ABORTED.", FakeStack(ended=Progress("ABORTED"))),
        ("The run the-run succeeded and has no summary.", FakeStack()),
        (f"receipts/{RUN}-bulk.json is not in the image bucket.", FakeStack(found=summary({"partial": 1}))),
    ],
)
def test_run_that_ends_otherwise_is_described(expected: str, stack: FakeStack) -> None:
    assert try_list(stack)[::2] == (expected, [])


@pytest.mark.parametrize(
    ("expected", "found"),
    [
        ("summary.json has its reason", summary({"partial": 1, "refused": 1})),
        ("summary.json has its reason", summary({"failed": 1, "refused": 1})),
        ("Expected one refused line that names fileUrl, got None: []", summary({"stored": 2}, [])),
        (
            "Expected one refused line that names fileUrl, got 1",
            summary({"partial": 1, "refused": 1}, [{"errors": [{"path": "id"}]}]),
        ),
    ],
)
def test_summary_has_the_reason_of_the_line_that_is_no_file(expected: str, found: Mapping[str, Any]) -> None:
    assert try_list(FakeStack(found=found))[1].startswith(expected)
