"""Bulk runs with failures: no File is lost or counted twice, and the summary names what was not done."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from intake.model.bulk_item import BulkItem
from intake.model.error_codes import StoreFailed
from support.handler_fakes import HandlerFakes
from support.state_machine import ExecutionFailed, StateMachine
from support.state_machine_lab import SITE, Functions, json_lines, list_of_files, state_machine


def test_batch_is_retried_with_growing_waits_when_throttled(fakes: HandlerFakes) -> None:
    fakes.store.objects["bulk/lot.jsonl"] = list_of_files(1)
    functions = Functions(*[ExecutionFailed("Lambda.TooManyRequestsException", "Rate exceeded")] * 5)
    run = state_machine(fakes, functions)

    assert run.run("bulk/lot.jsonl")["counts"]["status"] == {"stored": 1}
    assert run.waits == [2, 4, 8, 16, 16]


def test_batch_is_retried_once_when_its_function_raises(fakes: HandlerFakes) -> None:
    fakes.store.objects["bulk/lot.jsonl"] = list_of_files(1)
    functions = Functions(StoreFailed())

    assert state_machine(fakes, functions).run("bulk/lot.jsonl")["counts"]["status"] == {"stored": 1}
    assert functions.calls == ["bulk", "bulk", "summary"]


def test_broken_batch_is_in_the_summary_and_in_failed_jsonl(fakes: HandlerFakes) -> None:
    """One of ten batches breaks, which is tolerated: the run succeeds, and the summary counts every File."""
    fakes.store.objects["bulk/lot.jsonl"] = list_of_files(40)
    functions = Functions(*[MemoryError("out of memory")] * 2)
    run = state_machine(fakes, functions, BatchSize=4, ToleratedFailurePercentage=10)

    output = run.run("bulk/lot.jsonl")

    assert (output["counts"]["files"], output["counts"]["status"]) == (40, {"broken": 4, "stored": 36})
    failed = [BulkItem.read(json.loads(line)) for line in fakes.store.objects["runs/run-1/failed.jsonl"].splitlines()]
    assert [item.content for item in failed] == [item["item"] for item in run.inputs[0]["Items"]]


def test_row_of_a_broken_batch_is_in_failed_jsonl_as_a_url_list(fakes: HandlerFakes) -> None:
    fakes.store.objects["bulk/lot.csv"] = f"id,url,sha256\na,{SITE}1,\n".encode()
    functions = Functions(*[MemoryError("out of memory")] * 2)

    output = state_machine(fakes, functions, ToleratedFailurePercentage=100).run("bulk/lot.csv")

    assert (output["counts"]["files"], output["counts"]["status"]) == (1, {"broken": 1})

    failed = json.loads(fakes.store.objects["runs/run-1/failed.jsonl"])
    errors = [{"path": "", "message": "The batch of this row broke: MemoryError."}]
    failure = {"row": 1, "status": "broken", "retryable": True, "errors": errors}
    assert failed == {"urls": [{"url": SITE + "1"}], "id": "a", "intakeFailure": failure}


def test_run_fails_with_its_cause_and_a_summary_when_too_many_batches_break(
    fakes: HandlerFakes,
) -> None:
    fakes.store.objects["bulk/lot.jsonl"] = list_of_files(8)
    functions = Functions(*[MemoryError("out of memory")] * 2)

    with pytest.raises(ExecutionFailed, match=r"States\.ExceedToleratedFailureThreshold: 4 of 8 items"):
        state_machine(fakes, functions, BatchSize=4).run("bulk/lot.jsonl")
    summary = summary_of(fakes)
    assert summary["counts"]["status"] == {"broken": 4}  # the second batch was not started
    assert (summary["complete"], summary["error"]) == (False, "States.ExceedToleratedFailureThreshold: 4 of 8 items")


def test_run_fails_with_its_cause_and_a_summary_when_the_list_is_missing(fakes: HandlerFakes) -> None:
    with pytest.raises(ExecutionFailed, match=r"States\.ItemReaderFailed"):
        state_machine(fakes).run("bulk/gone.jsonl")
    assert json.loads(fakes.store.objects["runs/run-1/summary.json"])["counts"]["files"] == 0


def summary_of(fakes: HandlerFakes) -> dict[str, Any]:
    summary: dict[str, Any] = json.loads(fakes.store.objects["runs/run-1/summary.json"])
    return summary


class ReadOnlyPrefix(dict[str, bytes]):
    """Objects in S3; writes under a prefix fail."""

    def __init__(self, objects: dict[str, bytes], prefix: str) -> None:
        super().__init__(objects)
        self._prefix = prefix

    def __setitem__(self, key: str, value: bytes) -> None:
        if key.startswith(self._prefix):
            raise ExecutionFailed("S3.S3Exception", "Reduce your request rate.")
        super().__setitem__(key, value)


def lose_responses(functions: Functions, times: int) -> Callable[[str, Any], Any]:
    """Invoke the functions, and lose the first responses of the bulk function."""
    failures = [ExecutionFailed("Lambda.Unknown", "The connection was closed.")] * times

    def call(name: str, payload: Any) -> Any:
        response = functions(name, payload)
        if name == "bulk" and failures:
            raise failures.pop()
        return response

    return call


def test_summary_is_complete_when_nothing_breaks(fakes: HandlerFakes) -> None:
    fakes.store.objects["bulk/lot.jsonl"] = list_of_files(3)
    output = state_machine(fakes).run("bulk/lot.jsonl")
    assert (output["complete"], output["error"]) == (True, None)


def test_run_stops_when_broken_batches_exceed_the_tolerated_percentage(fakes: HandlerFakes) -> None:
    """Each of ten batches has ten percent of the Files. The third one to break ends the run."""
    fakes.store.objects["bulk/lot.jsonl"] = list_of_files(40)
    functions = Functions(*[MemoryError("out of memory")] * 20)
    run = state_machine(fakes, functions, BatchSize=4, ToleratedFailurePercentage=20)

    with pytest.raises(ExecutionFailed, match="12 of 40 items"):
        run.run("bulk/lot.jsonl")

    assert len(run.inputs) == 3
    assert (summary_of(fakes)["complete"], summary_of(fakes)["counts"]["status"]) == (False, {"broken": 12})


@pytest.mark.parametrize("stored_by", ["first attempt", "second attempt"])
def test_batch_is_counted_by_its_report_only_when_its_responses_are_lost(fakes: HandlerFakes, stored_by: str) -> None:
    fakes.store.objects["bulk/lot.jsonl"] = list_of_files(8) + json_lines({"id": "bad", "urls": [SITE + "gone"]})
    functions = Functions(*([StoreFailed()] if stored_by == "second attempt" else []))
    run = state_machine(fakes, BatchSize=5, ToleratedFailurePercentage=100)
    run.invoke = lose_responses(functions, 2 - len(functions.failures))

    output = run.run("bulk/lot.jsonl")

    assert len([key for key in fakes.store.objects if key.startswith("runs/run-1/broken/")]) == 1
    assert (output["batches"], output["counts"]["status"]) == (2, {"stored": 8, "failed": 1})
    assert output["counts"]["files"] == 9
    [failed] = fakes.store.objects["runs/run-1/failed.jsonl"].splitlines()
    assert json.loads(failed)["id"] == "bad"


def test_broken_batches_with_equal_lines_are_counted_separately(fakes: HandlerFakes) -> None:
    fakes.store.objects["bulk/lot.jsonl"] = json_lines({"urls": [SITE + "1"]}) * 4
    functions = Functions(*[MemoryError("out of memory")] * 4)
    output = state_machine(fakes, functions, BatchSize=1, ToleratedFailurePercentage=100).run("bulk/lot.jsonl")
    assert (output["batches"], output["counts"]["status"]) == (4, {"broken": 2, "stored": 2})


def test_broken_batch_is_counted_once_when_it_is_stored_twice(fakes: HandlerFakes) -> None:
    """Step Functions may run an express execution more than once."""
    fakes.store.objects["bulk/lot.jsonl"] = list_of_files(1)
    functions = Functions(*[MemoryError("out of memory")] * 2)
    run = state_machine(fakes, functions, ToleratedFailurePercentage=100)
    run.run("bulk/lot.jsonl")
    [stored] = [key for key in fakes.store.objects if key.startswith("runs/run-1/broken/")]
    fakes.store.objects["runs/run-1/broken/again.json"] = fakes.store.objects[stored]

    payload = {"run": "run-1", "startedAt": run.started, "list": "s3://the-inbox/bulk/lot.jsonl"}

    assert functions("summary", payload)["counts"]["status"] == {"broken": 1}


def test_broken_batch_fails_with_its_own_error_when_it_cannot_be_stored(fakes: HandlerFakes) -> None:
    """The map run records the error; the run continues, and its summary has the other batches."""
    fakes.store.objects["bulk/lot.jsonl"] = list_of_files(8)
    functions = Functions(*[MemoryError("out of memory")] * 2)
    run = state_machine(fakes, functions, BatchSize=4, ToleratedFailurePercentage=50)
    run.objects = ReadOnlyPrefix(fakes.store.objects, "runs/run-1/broken/")

    output = run.run("bulk/lot.jsonl")

    assert run.failed == ["MemoryError: out of memory"]
    assert output["counts"]["files"] == 4


def test_line_larger_than_a_batch_ends_the_run_with_a_summary_that_names_the_error(fakes: HandlerFakes) -> None:
    long = {"id": "long", "urls": [SITE + "?" + "x" * 4000] * 60}
    fakes.store.objects["bulk/lot.jsonl"] = list_of_files(2) + json_lines(long)

    with pytest.raises(ExecutionFailed, match=r"States\.DataLimitExceeded"):
        state_machine(fakes).run("bulk/lot.jsonl")

    assert not summary_of(fakes)["complete"]
    assert summary_of(fakes)["error"].startswith("States.DataLimitExceeded: An item of 24")


def test_line_that_is_not_json_ends_the_run_with_a_summary_that_names_the_error(fakes: HandlerFakes) -> None:
    fakes.store.objects["bulk/lot.jsonl"] = list_of_files(2) + b"{no\n"

    with pytest.raises(ExecutionFailed, match=r"States\.ItemReaderFailed"):
        state_machine(fakes).run("bulk/lot.jsonl")

    assert summary_of(fakes)["error"].startswith("States.ItemReaderFailed: ")


def test_line_with_half_a_surrogate_pair_is_refused(fakes: HandlerFakes) -> None:
    """It is valid JSON, but UTF-8 cannot encode it."""
    line = b'{"id": "\\ud83d", "urls": ["https://a.example/1"]}\n'
    fakes.store.objects["bulk/lot.jsonl"] = list_of_files(2) + line

    output = state_machine(fakes).run("bulk/lot.jsonl")

    assert output["counts"]["status"] == {"stored": 2, "refused": 1}
    failed = json.loads(fakes.store.objects["runs/run-1/failed.jsonl"])
    assert BulkItem.read(failed).content == json.loads(line)
    assert failed["intakeFailure"]["row"] == output["refused"][0]["row"] == 3


def test_summary_is_written_when_a_broken_batch_has_half_a_surrogate_pair(fakes: HandlerFakes) -> None:
    fakes.store.objects["bulk/lot.jsonl"] = b'{"id": "\\ud83d"}\n'
    functions = Functions(*[MemoryError("out of memory")] * 2)
    output = state_machine(fakes, functions, ToleratedFailurePercentage=100).run("bulk/lot.jsonl")
    assert output["counts"]["status"] == {"broken": 1}


def test_run_fails_when_the_summary_fails_and_can_be_redriven(fakes: HandlerFakes) -> None:
    fakes.store.objects["bulk/lot.jsonl"] = list_of_files(3)
    functions = Functions()
    calls: list[str] = []

    def fail_summary(name: str, payload: Any) -> Any:
        calls.append(name)
        if name == "summary":
            raise StoreFailed
        return functions(name, payload)

    run = state_machine(fakes)
    run.invoke = fail_summary
    with pytest.raises(ExecutionFailed, match="StoreFailed"):
        run.run("bulk/lot.jsonl")
    assert (calls, len(run.waits)) == (["bulk", *["summary"] * 6], 5)
    assert "runs/run-1/summary.json" not in fakes.store.objects

    run.invoke = functions
    again = run.redrive("Summary")

    assert (again["counts"]["status"], again["complete"]) == ({"stored": 3}, True)


def test_interpreter_catches_only_the_errors_that_aws_catches(fakes: HandlerFakes) -> None:
    """The tests above rely on it."""
    [catcher, _] = state_machine(fakes).definition["States"]["JsonLines"]["Catch"]
    matches = StateMachine._matches
    assert matches(catcher, ExecutionFailed("States.DataLimitExceeded", ""))
    assert not matches({"ErrorEquals": ["States.ALL"]}, ExecutionFailed("States.DataLimitExceeded", ""))
    assert not matches({"ErrorEquals": ["States.ALL"]}, ExecutionFailed("States.Runtime", ""))
    assert not matches({"ErrorEquals": ["States.TaskFailed"]}, ExecutionFailed("States.Runtime", ""))
    assert matches({"ErrorEquals": ["States.ALL"]}, ExecutionFailed("States.Timeout", ""))
