"""Tries a bulk list with two lines: a File, and a document that is not valid."""

import json
from typing import Any

from infra.bulk.progress import Progress
from infra.smoke.check import RESTORE, Check, CheckFailed, CheckSkipped
from infra.smoke.smoke_context import SmokeContext
from infra.smoke.smoke_file import names_invalid_member

FUNCTIONS = ("Summary", "Bulk")
"""The last one has the log that says most."""
NAME = "bulk"

_NOT_STARTED = (
    "The inbox bucket sends no events to EventBridge, the rule ListArrived of the stack is disabled, or its role may "
    f"not start the state machine. {RESTORE}"
)


class BulkRun:
    """The run of the list.

    Attributes:
        key: the key of the list in the inbox bucket.
    """

    def __init__(self, context: SmokeContext) -> None:
        self._context = context
        self._stack = context.deployed.stack
        self._summary: dict[str, Any] | None = None
        self._seen: set[str] = set()
        self.key = list_key(context.file.id_of(NAME))

    def checks(self) -> list[Check]:
        """Return the checks of the run: of its File, then of its other line."""
        return [Check("bulk list", self._ingest), Check("bulk list: refusals", self._refuse)]

    def _ingest(self) -> str:
        context = self._context
        lines = [context.file.document(NAME), context.file.invalid_document(NAME)]
        body = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
        context.pending[self.expected] = self.has_ended
        context.deployed.s3.put_object(Bucket=context.deployed.inbox, Key=self.key, Body=body)
        context.waiter.wait_for(self._find, "the start of the run", _NOT_STARTED)
        results = f"runs/{context.run_name}/"
        context.pending[results] = context.pending.pop(self.expected)
        progress = context.waiter.wait_for(self._end, f"the end of the run {context.run_name}", self._history)
        context.pending.pop(results)
        self._check_end(progress)
        context.keep_stored(NAME)
        return context.run_name

    def _refuse(self) -> str:
        if self._summary is None:
            raise CheckSkipped("the run of the list has no summary")
        number, refused = self._summary["counts"]["status"].get("refused"), self._summary["refused"]
        if number != 1 or not names_invalid_member(refused[0]["errors"]):
            raise CheckFailed(f"Expected one refused line that names fileUrl, got {number}: {str(refused)[:300]}.")
        return "summary.json has its reason"

    @property
    def expected(self) -> str:
        """What is pending until the run is found. Then its results are."""
        return f"the run of {self.key}"

    @property
    def _history(self) -> str:
        """Where to see what a run has done."""
        return f"Its history is in the Step Functions console: {self._stack.machine}"

    def has_ended(self) -> bool:
        """Whether the run has ended; it may not have been found yet."""
        return self._find() is not None and self._end() is not None

    def _find(self) -> str | None:
        if not self._context.run_arn:
            self._context.run_arn = self._stack.find_run_of(self.key, self._seen) or ""
        return self._context.run_arn or None

    def _end(self) -> Progress | None:
        progress = self._stack.progress(self._context.run_arn)
        return None if progress.is_running else progress

    def _check_end(self, progress: Progress) -> None:
        if progress.status != "SUCCEEDED":
            raise CheckFailed(
                f"The run {self._context.run_name} ended as {progress.status}. {progress.error}".strip()[:500],
                self._history,
            )
        self._summary = self._stack.summary(self._context.run_name)
        if self._summary is None:
            raise CheckFailed(f"The run {self._context.run_name} succeeded and has no summary.", RESTORE)


def list_key(name: str) -> str:
    """Return the key of a list in the inbox bucket."""
    return f"bulk/{name}.jsonl"
