"""An interpreter of the Amazon States Language, as far as infra/bulk.asl.yaml and docs/calling.md use it.

It fails on everything that it does not know, so that it ignores no part of the definition. It records waits instead of
waiting, and runs batches one after the other. "Page" means a page of the AWS Step Functions developer guide.
"""

import json
import re
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from infra.bulk.input_limit import MAX_INPUT_BYTES, size_of
from infra.local.ministack_patches.csv_reader import parse_rows, to_item
from infra.local.ministack_patches.item_batcher import batches

from support.state_machine_definition import VALUES


class ExecutionFailed(Exception):
    """An execution or a task failed: `error` is the error's name, `cause` its text."""

    def __init__(self, error: str, cause: str) -> None:
        self.error = error
        self.cause = cause
        super().__init__(f"{error}: {cause}")


@dataclass
class StateMachine:
    """One execution.

    Attributes:
        definition: the definition to run.
        invoke: invokes a function, given its name and payload; an exception becomes the task's error.
        objects: the objects in S3, by key.
        name: the name of the execution.
        started: its start time.
        inputs: the input of each batch, in order.
        waits: the longest possible wait before each retry, in seconds.
        failed: the errors of the batches that failed.
        last: the latest input of each state, by its name.
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
        """Run the machine for a list, and return its output.

        Raises:
            ExecutionFailed: the execution failed.
        """
        event = {"detail": {"bucket": {"name": "the-inbox"}, "object": {"key": key}}}
        return self._run(self.definition["StartAt"], self.definition["States"], event)

    def redrive(self, state: str) -> Any:
        """Continue from a state that failed, with the same input, as RedriveExecution does."""
        return self._run(state, self.definition["States"], self.last[state])

    def _run(self, name: str, states: dict[str, Any], given: Any) -> Any:
        while True:
            state = states[name]
            match state["Type"]:
                case "Choice":
                    name = next((c["Next"] for c in state["Choices"] if self._is_true(c, given)), state.get("Default"))
                case "Succeed":
                    return self._value(state.get("OutputPath", "$"), given)
                case "Fail":
                    cause = self._value(state["CausePath"], given)
                    raise ExecutionFailed(state.get("Error") or self._value(state["ErrorPath"], given), cause)
                case "Pass":
                    return given
                case "Task" | "Map":
                    self.last[name] = given
                    given, name = self._run_state(state, given)
                    if not name:
                        return given

    def _run_state(self, state: dict[str, Any], given: Any) -> tuple[Any, str]:
        try:
            result = self._run_with_retries(state, given)
        except ExecutionFailed as failed:
            catcher = next((c for c in state.get("Catch", []) if self._matches(c, failed)), None)
            if catcher is None:
                raise
            caught = {"Error": failed.error, "Cause": failed.cause}
            return self._set_path(catcher["ResultPath"], given, caught), catcher["Next"]
        if "ResultSelector" in state:
            result = self._resolve(state["ResultSelector"], result)
        after = self._set_path(state.get("ResultPath", "$"), given, result)
        return self._value(state.get("OutputPath", "$"), after), "" if state.get("End") else state["Next"]

    def _run_with_retries(self, state: dict[str, Any], given: Any) -> Any:
        used: dict[int, int] = {}
        while True:
            try:
                return self._map(state, given) if state["Type"] == "Map" else self._task(state, given)
            except ExecutionFailed as failed:
                retriers = enumerate(state.get("Retry", []))
                no_retrier: tuple[int, dict[str, Any]] = (-1, {"MaxAttempts": 0})
                number, retrier = next(((n, r) for n, r in retriers if self._matches(r, failed)), no_retrier)
                if used.get(number, 0) >= retrier.get("MaxAttempts", 3):
                    raise
                delay = retrier.get("IntervalSeconds", 1) * retrier.get("BackoffRate", 2.0) ** used.get(number, 0)
                self.waits.append(min(delay, retrier.get("MaxDelaySeconds", delay)))
                used[number] = used.get(number, 0) + 1

    @staticmethod
    def _matches(catcher: dict[str, Any], failed: ExecutionFailed) -> bool:
        """Page "Handling errors": States.ALL does not catch these two errors, and nothing catches States.Runtime."""
        names = set(catcher["ErrorEquals"])
        if failed.error in {"States.DataLimitExceeded", "States.Runtime"}:
            return failed.error in names - {"States.Runtime"}
        wildcard = "States.TaskFailed" in names and failed.error != "States.Timeout"
        return failed.error in names or "States.ALL" in names or wildcard

    def _task(self, state: dict[str, Any], given: Any) -> Any:
        parameters = self._check_size(self._resolve(state["Parameters"], given))
        match state["Resource"]:
            case "arn:aws:states:::lambda:invoke":
                return self._check_size({"Payload": self._invoke(parameters), "StatusCode": 200})
            case "arn:aws:states:::aws-sdk:s3:putObject":
                assert parameters["Bucket"] == VALUES["ImageBucket"]
                self.objects[parameters["Key"]] = json.dumps(parameters["Body"]).encode()
                return {"ETag": "an-etag"}
            case other:
                raise AssertionError(other)

    def _invoke(self, parameters: dict[str, Any]) -> Any:
        try:
            return json.loads(json.dumps(self.invoke(parameters["FunctionName"], parameters["Payload"])))
        except ExecutionFailed:
            raise
        except Exception as error:
            raise ExecutionFailed(type(error).__name__, str(error)) from error

    def _map(self, state: dict[str, Any], given: Any) -> Any:
        items = list(self._items(state["ItemReader"], given))
        if "ItemBatcher" not in state:
            processor = state["ItemProcessor"]
            return [self._run(processor["StartAt"], processor["States"], item) for item in items]
        items = [self._select(state["ItemSelector"], given, *pair) for pair in enumerate(items)]
        batch_input = self._resolve(state["ItemBatcher"]["BatchInput"], given)
        processor, failed = state["ItemProcessor"], 0
        run = self.name
        try:
            batches_of_items = list(batches(items, state["ItemBatcher"], batch_input))
        except ValueError as error:  # AWS does not document the error's name; States.ALL does not catch this one
            raise ExecutionFailed("States.DataLimitExceeded", str(error)) from error
        for batch in batches_of_items:
            self.inputs.append(batch)
            self.name = str(uuid.uuid4())  # each batch is an execution with its own name
            try:
                self._run(processor["StartAt"], processor["States"], batch)
            except ExecutionFailed as ended:
                failed += len(batch["Items"])
                self.failed.append(str(ended))
            finally:
                self.name = run
            # Page "Setting failure thresholds": the map fails at once and starts no further batch.
            if failed * 100 > state["ToleratedFailurePercentage"] * len(items):
                raise ExecutionFailed("States.ExceedToleratedFailureThreshold", f"{failed} of {len(items)} items")
        where = self._resolve(state["ResultWriter"]["Parameters"], given)
        return {"ResultWriterDetails": {"Bucket": where["Bucket"], "Key": f"{where['Prefix']}/manifest.json"}}

    def _items(self, reader: dict[str, Any], given: Any) -> Iterable[Any]:
        assert reader["Resource"] == "arn:aws:states:::s3:getObject"
        where = self._resolve(reader["Parameters"], given)
        assert where["Bucket"] == "the-inbox"
        if where["Key"] not in self.objects:
            raise ExecutionFailed("States.ItemReaderFailed", f"There is no {where['Key']}.")
        text = self.objects[where["Key"]].decode()
        match reader["ReaderConfig"]:
            case {"InputType": "JSONL"}:
                try:
                    return [json.loads(line) for line in text.splitlines() if line.strip()]
                except ValueError as error:
                    raise ExecutionFailed("States.ItemReaderFailed", str(error)) from error
            case {"InputType": "CSV", "CSVHeaderLocation": "GIVEN", "CSVHeaders": list(columns), **rest}:
                rows = [to_item(cells, columns) for cells in parse_rows(text)]
                return rows[:1] if rest == {"MaxItems": 1} else rows
            case other:
                raise AssertionError(other)

    def _select(self, selector: dict[str, str], given: Any, index: int, item: Any) -> dict[str, Any]:
        """Page "ItemSelector (Map)": the index of an item counts from 0."""
        known = {"$$.Map.Item.Index": index, "$$.Map.Item.Value": item}
        return {
            name.removesuffix(".$"): known[path] if path in known else self._value(path, given)
            for name, path in selector.items()
        }

    def _is_true(self, choice: dict[str, Any], given: Any) -> bool:
        match choice:
            case {"StringMatches": pattern}:
                return fnmatchcase(self._value(choice["Variable"], given), pattern)
            case {"StringEquals": text}:
                return bool(self._value(choice["Variable"], given) == text)
            case {"IsPresent": True}:
                return choice["Variable"].removeprefix("$.") in given
        raise AssertionError(choice)

    @staticmethod
    def _check_size[T](value: T) -> T:
        """Page "Quotas": the size of a state's input and output."""
        if size_of(value) > MAX_INPUT_BYTES:
            raise ExecutionFailed("States.DataLimitExceeded", "Larger than the input or output of a state may be.")
        return value

    def _resolve(self, template: Any, given: Any) -> Any:
        if not isinstance(template, dict):
            return template
        return {
            name.removesuffix(".$"): self._value(value, given) if name.endswith(".$") else self._resolve(value, given)
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
                raise ExecutionFailed("States.Runtime", f"The path {path} is not in the input.")
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
    def _set_path(path: str | None, given: Any, result: Any) -> Any:
        match path:
            case None:
                return given
            case "$":
                return result
        return {**given, path.removeprefix("$."): result}
