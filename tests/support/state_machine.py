"""infra/bulk.asl.yaml, run.

An interpreter of the part of the states language that the definition uses. What it does not know it refuses, so that
nothing in the definition is passed over in silence. Waits are written down and not waited for; batches run one after
the other.
"""

import csv
import json
import re
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from io import StringIO
from typing import Any

from infra.bulk.item_size import MAX_INPUT_BYTES, size_of
from infra.local.ministack_patches.item_batcher import batches

from support.state_machine_definition import VALUES


class Failed(Exception):
    """An execution, or a task, that failed: `error` is its name, `cause` its text."""

    def __init__(self, error: str, cause: str) -> None:
        self.error = error
        self.cause = cause
        super().__init__(f"{error}: {cause}")


@dataclass
class Machine:
    """One execution.

    Attributes:
        definition: what is run.
        invoke: a function by its name, called with its payload; what it raises is the task's error.
        objects: S3, by key.
        name: of the execution.
        started: when it began.
        inputs: what each batch got, in order.
        last: the input that each state had when it was last entered, by its name.
        waits: the longest that every retry could have waited, in seconds.
        failed: how the batches that failed ended.
    """

    definition: dict[str, Any]
    invoke: Callable[[str, Any], Any]
    objects: dict[str, bytes]
    name: str = "run-1"
    started: str = "2026-11-22T12:00:00.000Z"
    inputs: list[dict[str, Any]] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    last: dict[str, Any] = field(default_factory=dict)

    def run(self, key: str) -> Any:
        """Run it for a list, and return its output.

        Raises:
            Failed: the execution ended so.
        """
        event = {"detail": {"bucket": {"name": "the-inbox"}, "object": {"key": key}}}
        return self._run(self.definition["StartAt"], self.definition["States"], event)

    def redriven(self, state: str) -> Any:
        """Go on from a state that failed, with the input that it had, as RedriveExecution does."""
        return self._run(state, self.definition["States"], self.last[state])

    def _run(self, name: str, states: dict[str, Any], given: Any) -> Any:
        while True:
            state = states[name]
            match state["Type"]:
                case "Choice":
                    name = next((c["Next"] for c in state["Choices"] if self._holds(c, given)), state.get("Default"))
                case "Succeed":
                    return self._value(state.get("OutputPath", "$"), given)
                case "Fail":
                    cause = self._value(state["CausePath"], given)
                    raise Failed(state.get("Error") or self._value(state["ErrorPath"], given), cause)
                case "Task" | "Map":
                    self.last[name] = given
                    given, name = self._work(state, given)
                    if not name:
                        return given

    def _work(self, state: dict[str, Any], given: Any) -> tuple[Any, str]:
        try:
            result = self._retried(state, given)
        except Failed as failed:
            catcher = next((c for c in state.get("Catch", []) if self._matches(c, failed)), None)
            if catcher is None:
                raise
            caught = {"Error": failed.error, "Cause": failed.cause}
            return self._put_in(catcher["ResultPath"], given, caught), catcher["Next"]
        if "ResultSelector" in state:
            result = self._resolved(state["ResultSelector"], result)
        after = self._put_in(state.get("ResultPath", "$"), given, result)
        return self._value(state.get("OutputPath", "$"), after), "" if state.get("End") else state["Next"]

    def _retried(self, state: dict[str, Any], given: Any) -> Any:
        used: dict[int, int] = {}
        while True:
            try:
                return self._map(state, given) if state["Type"] == "Map" else self._task(state, given)
            except Failed as failed:
                retriers = enumerate(state.get("Retry", []))
                nobody: tuple[int, dict[str, Any]] = (-1, {"MaxAttempts": 0})
                number, retrier = next(((n, r) for n, r in retriers if self._matches(r, failed)), nobody)
                if used.get(number, 0) >= retrier.get("MaxAttempts", 3):
                    raise
                delay = retrier.get("IntervalSeconds", 1) * retrier.get("BackoffRate", 2.0) ** used.get(number, 0)
                self.waits.append(min(delay, retrier.get("MaxDelaySeconds", delay)))
                used[number] = used.get(number, 0) + 1

    @staticmethod
    def _matches(catcher: dict[str, Any], failed: Failed) -> bool:
        """Page "Handling errors": two errors that States.ALL does not catch; one of them nothing does."""
        names = set(catcher["ErrorEquals"])
        if failed.error in {"States.DataLimitExceeded", "States.Runtime"}:
            return failed.error in names - {"States.Runtime"}
        wildcard = "States.TaskFailed" in names and failed.error != "States.Timeout"
        return failed.error in names or "States.ALL" in names or wildcard

    def _task(self, state: dict[str, Any], given: Any) -> Any:
        parameters = self._within_limits(self._resolved(state["Parameters"], given))
        match state["Resource"]:
            case "arn:aws:states:::lambda:invoke":
                return self._within_limits({"Payload": self._called(parameters), "StatusCode": 200})
            case "arn:aws:states:::aws-sdk:s3:putObject":
                assert parameters["Bucket"] == VALUES["ImageBucket"]
                self.objects[parameters["Key"]] = json.dumps(parameters["Body"]).encode()
                return {"ETag": "an-etag"}
            case other:
                raise AssertionError(other)

    def _called(self, parameters: dict[str, Any]) -> Any:
        try:
            return json.loads(json.dumps(self.invoke(parameters["FunctionName"], parameters["Payload"])))
        except Failed:
            raise
        except Exception as error:
            raise Failed(type(error).__name__, str(error)) from error

    def _map(self, state: dict[str, Any], given: Any) -> Any:
        items = list(self._items(state["ItemReader"], given))
        batch_input = self._resolved(state["ItemBatcher"]["BatchInput"], given)
        processor, failed = state["ItemProcessor"], 0
        run = self.name
        try:
            made = list(batches(items, state["ItemBatcher"], batch_input))
        except ValueError as error:  # AWS does not say by which name it fails; this is one that States.ALL lets through
            raise Failed("States.DataLimitExceeded", str(error)) from error
        for batch in made:
            self.inputs.append(batch)
            self.name = str(uuid.uuid4())  # every batch is an execution of its own
            try:
                self._run(processor["StartAt"], processor["States"], batch)
            except Failed as ended:
                failed += len(batch["Items"])
                self.failed.append(str(ended))
            finally:
                self.name = run
            # Page "Setting failure thresholds": at once, and what has not begun never does.
            if failed * 100 > state["ToleratedFailurePercentage"] * len(items):
                raise Failed("States.ExceedToleratedFailureThreshold", f"{failed} of {len(items)} items")
        where = self._resolved(state["ResultWriter"]["Parameters"], given)
        return {"ResultWriterDetails": {"Bucket": where["Bucket"], "Key": f"{where['Prefix']}/manifest.json"}}

    def _items(self, reader: dict[str, Any], given: Any) -> Iterable[Any]:
        assert reader["Resource"] == "arn:aws:states:::s3:getObject"
        where = self._resolved(reader["Parameters"], given)
        assert where["Bucket"] == "the-inbox"
        if where["Key"] not in self.objects:
            raise Failed("States.ItemReaderFailed", f"There is no {where['Key']}.")
        text = self.objects[where["Key"]].decode()
        match reader["ReaderConfig"]:
            case {"InputType": "JSONL"}:
                try:
                    return [json.loads(line) for line in text.splitlines() if line.strip()]
                except ValueError as error:
                    raise Failed("States.ItemReaderFailed", str(error)) from error
            case {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"}:
                return csv.DictReader(StringIO(text), restval="")
            case other:
                raise AssertionError(other)

    def _holds(self, choice: dict[str, Any], given: Any) -> bool:
        match choice:
            case {"StringMatches": pattern}:
                return fnmatchcase(self._value(choice["Variable"], given), pattern)
            case {"IsPresent": True}:
                return choice["Variable"].removeprefix("$.") in given
        raise AssertionError(choice)

    @staticmethod
    def _within_limits[T](value: T) -> T:
        """Page "Quotas": what a state gets or gives."""
        if size_of(value) > MAX_INPUT_BYTES:
            raise Failed("States.DataLimitExceeded", "Larger than a state may get or give.")
        return value

    def _resolved(self, template: Any, given: Any) -> Any:
        if not isinstance(template, dict):
            return template
        return {
            name.removesuffix(".$"): self._value(value, given) if name.endswith(".$") else self._resolved(value, given)
            for name, value in template.items()
        }

    def _value(self, path: str, given: Any) -> Any:
        if call := re.fullmatch(r"States\.(\w+)\((.*)\)", path, re.DOTALL):
            return self._intrinsic(
                call[1], [part.strip() for part in re.findall(r"'[^']*'|[^,]+(?:\(\))?", call[2])], given
            )
        if path.startswith("$$."):
            given, path = {"Execution": {"Name": self.name, "StartTime": self.started}}, path[1:]
        for step in path.split(".")[1:]:
            if step and step not in given:
                raise Failed("States.Runtime", f"The path {path} is not in the input.")
            given = given[step] if step else given
        return given

    def _intrinsic(self, name: str, arguments: list[str], given: Any) -> Any:
        values = [text[1:-1] if text.startswith("'") else self._value(text, given) for text in arguments if text]
        match name:
            case "Format":
                return values[0].format(*values[1:])
            case "ArrayLength":
                return len(values[0])
            case "UUID":
                return str(uuid.uuid4())
        raise AssertionError(name)

    @staticmethod
    def _put_in(path: str | None, given: Any, result: Any) -> Any:
        match path:
            case None:
                return given
            case "$":
                return result
        return {**given, path.removeprefix("$."): result}
