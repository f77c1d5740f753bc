"""A stack in memory for `make bulk`, and the command."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from infra.bulk import __main__ as command
from infra.bulk.progress import Progress
from infra.bulk.stack import BulkError

ARN = "arn:aws:states:us-east-1:000000000000:execution:bulk:run-1"
SUCCEEDED = Progress("SUCCEEDED", 2, 2, seconds=3)


def summary(images: dict[str, int]) -> dict[str, Any]:
    """Return the summary of a run with these counts of images."""
    counts = {"files": 2, "status": {}, "images": images, "codes": {}, "bytes": 7}
    return {"complete": True, "seconds": 3, "batches": 1, "counts": counts, "failedKey": None}


def interrupt(*_: object) -> None:
    """Press Ctrl-C."""
    raise KeyboardInterrupt


def do_nothing(*_: object) -> None:
    """Stand for a call without effect."""


@dataclass
class FakeStack:
    """A stack with one run."""

    inbox: str = "the-inbox"
    images: str = "the-images"
    s3: None = None
    machine: str = "arn:aws:states:us-east-1:000000000000:stateMachine:bulk"
    is_uploaded: bool = True
    ended: Progress = SUCCEEDED
    result: dict[str, Any] | None = field(default_factory=lambda: summary({"stored": 2}))
    upload: Callable[..., None] = do_nothing
    before_start: Callable[..., None] = do_nothing
    before_progress: Callable[..., None] = do_nothing

    def new_key(self, path: Path) -> str:
        return f"bulk/{path.name}"

    def has_list(self, _key: str) -> bool:
        return self.is_uploaded

    def wait_for_run(self, _key: str) -> str:
        self.before_start()
        return ARN

    def find_run(self, run: str) -> str:
        if run not in {"run-1", ARN}:
            raise BulkError(f"The stack dev has no run {run}. Check RUN and STACK.")
        return ARN

    def progress(self, _arn: str) -> Progress:
        self.before_progress()
        return self.ended

    def summary(self, run: str) -> dict[str, Any] | None:
        assert run == "run-1"
        return self.result


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """Run the command with these arguments, and return its exit status."""
    monkeypatch.setattr("sys.argv", ["bulk", *arguments])
    return command.main()
