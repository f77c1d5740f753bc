"""Runs in which something breaks: nothing is lost, nothing is counted twice, and the summary says what was not done."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from intake.model.errors import StoreFailed
from support.handler_fakes import HandlerFakes
from support.state_machine import ExecutionFailed, StateMachine
from support.state_machine_lab import SITE, Functions, json_lines, list_of_files, state_machine


def test_throttling_is_waited_for_with_growing_waits(fakes: HandlerFakes) -> None:
    fakes.store.objects["bulk/lot.jsonl"] = list_of_files(1)
    functions = Functions(*[ExecutionFailed("Lambda.TooManyRequestsException", "Rate exceeded")] * 5)
    run = state_machine(fakes, functions)

    assert run.run("bulk/lot.jsonl")["counts"]["status"] == {"stored": 1}
    assert run.waits == [2, 4, 8, 16, 16]


def test_a_function_that_raises_is_called_once_more(fakes: HandlerFakes) -> None:
    fakes.store.objects["bulk/lot.jsonl"] = list_of_files(1)
    functions = Functions(StoreFailed())

    assert state_machine(fakes, functions).run("bulk/lot.jsonl")["counts"]["status"] == {"stored": 1}
    assert functions.calls == ["bulk", "bulk", "summary"]


def test_a_batch_that_breaks_is_in_the_summary_and_in_what_failed(fakes: HandlerFakes) -> None:
    """One of ten batches, within what is tolerated: the run succeeds, and not one File is missing in it."""
    fakes.store.objects["bulk/lot.jsonl"] = list_of_files(40)
    functions = Functions(*[MemoryError("out of memory")] * 2)
    run = state_machine(fakes, functions, BatchSize=4, ToleratedFailurePercentage=10)

    output = run.run("bulk/lot.jsonl")

    assert (output["counts"]["files"], output["counts"]["status"]) == (40, {"broken": 4, "stored": 36})
    left = [json.loads(line) for line in fakes.store.objects["runs/run-1/failed.jsonl"].splitlines()]
    assert left == run.inputs[0]["Items"]


def test_a_row_of_a_batch_that_breaks_is_in_what_failed_as_the_url_list_that_it_is(fakes: HandlerFakes) -> None:
    fakes.store.objects["bulk/lot.csv"] = f"id,url,sha256\na,{SITE}1,\n".encode()
    functions = Functions(*[MemoryError("out of memory")] * 2)

    state_machine(fakes, functions, ToleratedFailurePercentage=100).run("bulk/lot.csv")

    left = json.loads(fakes.store.objects["runs/run-1/failed.jsonl"])
    assert left == {"urls": [{"url": SITE + "1"}], "id": "a"}


def test_a_run_with_more_broken_batches_than_tolerated_fails_with_its_cause_and_has_its_summary(
    fakes: HandlerFakes,
) -> None:
    fakes.store.objects["bulk/lot.jsonl"] = list_of_files(8)
    functions = Functions(*[MemoryError("out of memory")] * 2)

    with pytest.raises(ExecutionFailed, match=r"States\.ExceedToleratedFailureThreshold: 4 of 8 items"):
        state_machine(fakes, functions, BatchSize=4).run("bulk/lot.jsonl")
    kept = json.loads(fakes.store.objects["runs/run-1/summary.json"])
    assert kept["counts"]["status"] == {"broken": 4}  # the second batch was never begun
    assert (kept["complete"], kept["error"]) == (False, "States.ExceedToleratedFailureThreshold: 4 of 8 items")


def test_a_list_that_cannot_be_read_fails_with_its_cause_and_has_a_summary(fakes: HandlerFakes) -> None:
    with pytest.raises(ExecutionFailed, match=r"States\.ItemReaderFailed"):
        state_machine(fakes).run("bulk/gone.jsonl")
    assert json.loads(fakes.store.objects["runs/run-1/summary.json"])["counts"]["files"] == 0


def summary_of(fakes: HandlerFakes) -> dict[str, Any]:
    kept: dict[str, Any] = json.loads(fakes.store.objects["runs/run-1/summary.json"])
    return kept


class Refusing(dict[str, bytes]):
    """An S3 that keeps nothing under a prefix."""

    def __init__(self, objects: dict[str, bytes], prefix: str) -> None:
        super().__init__(objects)
        self._prefix = prefix

    def __setitem__(self, key: str, value: bytes) -> None:
        if key.startswith(self._prefix):
            raise ExecutionFailed("S3.S3Exception", "Reduce your request rate.")
        super().__setitem__(key, value)


def losing(functions: Functions, times: int) -> Callable[[str, Any], Any]:
    """Functions that do what they are called for, and whose first answers get lost on the way."""
    left = [ExecutionFailed("Lambda.Unknown", "The connection was closed.")] * times

    def call(name: str, payload: Any) -> Any:
        answer = functions(name, payload)
        if name == "bulk" and left:
            raise left.pop()
        return answer

    return call


def test_a_run_that_is_whole_says_so(fakes: HandlerFakes) -> None:
    fakes.store.objects["bulk/lot.jsonl"] = list_of_files(3)
    output = state_machine(fakes).run("bulk/lot.jsonl")
    assert (output["complete"], output["error"]) == (True, None)


def test_a_run_is_given_up_at_the_batch_that_is_one_too_many(fakes: HandlerFakes) -> None:
    """Of ten batches of ten percent each, the third to break; seven are never begun."""
    fakes.store.objects["bulk/lot.jsonl"] = list_of_files(40)
    functions = Functions(*[MemoryError("out of memory")] * 20)
    run = state_machine(fakes, functions, BatchSize=4, ToleratedFailurePercentage=20)

    with pytest.raises(ExecutionFailed, match="12 of 40 items"):
        run.run("bulk/lot.jsonl")

    assert len(run.inputs) == 3
    assert (summary_of(fakes)["complete"], summary_of(fakes)["counts"]["status"]) == (False, {"broken": 12})


@pytest.mark.parametrize("ends", ["with its report stored", "with its report stored, by a later attempt"])
def test_a_batch_whose_answers_are_lost_is_counted_by_its_own_report_alone(fakes: HandlerFakes, ends: str) -> None:
    fakes.store.objects["bulk/lot.jsonl"] = list_of_files(8) + json_lines({"id": "bad", "urls": [SITE + "gone"]})
    functions = Functions(*([StoreFailed()] if "later" in ends else []))
    run = state_machine(fakes, BatchSize=5, ToleratedFailurePercentage=100)
    run.invoke = losing(functions, 2 - len(functions.failures))

    output = run.run("bulk/lot.jsonl")

    assert len([key for key in fakes.store.objects if key.startswith("runs/run-1/broken/")]) == 1
    assert (output["batches"], output["counts"]["status"]) == (2, {"stored": 8, "failed": 1})
    assert output["counts"]["files"] == 9
    [left] = fakes.store.objects["runs/run-1/failed.jsonl"].splitlines()
    assert json.loads(left)["id"] == "bad"


def test_batches_of_the_same_lines_that_break_are_counted_each(fakes: HandlerFakes) -> None:
    fakes.store.objects["bulk/lot.jsonl"] = json_lines({"urls": [SITE + "1"]}) * 4
    functions = Functions(*[MemoryError("out of memory")] * 4)
    output = state_machine(fakes, functions, BatchSize=1, ToleratedFailurePercentage=100).run("bulk/lot.jsonl")
    assert (output["batches"], output["counts"]["status"]) == (4, {"broken": 2, "stored": 2})


def test_a_batch_that_is_kept_twice_is_counted_once(fakes: HandlerFakes) -> None:
    """An express execution may be run more than once."""
    fakes.store.objects["bulk/lot.jsonl"] = list_of_files(1)
    functions = Functions(*[MemoryError("out of memory")] * 2)
    run = state_machine(fakes, functions, ToleratedFailurePercentage=100)
    run.run("bulk/lot.jsonl")
    [kept] = [key for key in fakes.store.objects if key.startswith("runs/run-1/broken/")]
    fakes.store.objects["runs/run-1/broken/again.json"] = fakes.store.objects[kept]

    payload = {"run": "run-1", "startedAt": run.started, "list": "s3://the-inbox/bulk/lot.jsonl"}

    assert functions("summary", payload)["counts"]["status"] == {"broken": 1}


def test_a_batch_that_breaks_and_cannot_be_kept_fails_for_the_reason_it_broke_for(fakes: HandlerFakes) -> None:
    """The map run writes it down; the run goes on, and has its summary of the others."""
    fakes.store.objects["bulk/lot.jsonl"] = list_of_files(8)
    functions = Functions(*[MemoryError("out of memory")] * 2)
    run = state_machine(fakes, functions, BatchSize=4, ToleratedFailurePercentage=50)
    run.objects = Refusing(fakes.store.objects, "runs/run-1/broken/")

    output = run.run("bulk/lot.jsonl")

    assert run.failed == ["MemoryError: out of memory"]
    assert output["counts"]["files"] == 4


def test_a_line_that_is_larger_than_a_batch_ends_the_run_with_a_summary_that_says_so(fakes: HandlerFakes) -> None:
    long = {"id": "long", "urls": [SITE + "?" + "x" * 4000] * 60}
    fakes.store.objects["bulk/lot.jsonl"] = list_of_files(2) + json_lines(long)

    with pytest.raises(ExecutionFailed, match=r"States\.DataLimitExceeded"):
        state_machine(fakes).run("bulk/lot.jsonl")

    assert not summary_of(fakes)["complete"]
    assert summary_of(fakes)["error"].startswith("States.DataLimitExceeded: An item of 24")


def test_a_line_that_is_not_json_ends_the_run_with_a_summary_that_says_so(fakes: HandlerFakes) -> None:
    fakes.store.objects["bulk/lot.jsonl"] = list_of_files(2) + b"{no\n"

    with pytest.raises(ExecutionFailed, match=r"States\.ItemReaderFailed"):
        state_machine(fakes).run("bulk/lot.jsonl")

    assert summary_of(fakes)["error"].startswith("States.ItemReaderFailed: ")


def test_half_a_surrogate_pair_is_a_line_that_is_refused_and_breaks_nothing(fakes: HandlerFakes) -> None:
    """It is JSON, and no text that UTF-8 can write."""
    line = b'{"id": "\\ud83d", "urls": ["https://a.example/1"]}\n'
    fakes.store.objects["bulk/lot.jsonl"] = list_of_files(2) + line

    output = state_machine(fakes).run("bulk/lot.jsonl")

    assert output["counts"]["status"] == {"stored": 2, "refused": 1}
    assert json.loads(fakes.store.objects["runs/run-1/failed.jsonl"]) == json.loads(line)


def test_half_a_surrogate_pair_in_a_batch_that_breaks_does_not_take_the_summary_away(fakes: HandlerFakes) -> None:
    fakes.store.objects["bulk/lot.jsonl"] = b'{"id": "\\ud83d"}\n'
    functions = Functions(*[MemoryError("out of memory")] * 2)
    output = state_machine(fakes, functions, ToleratedFailurePercentage=100).run("bulk/lot.jsonl")
    assert output["counts"]["status"] == {"broken": 1}


def test_a_summary_that_fails_fails_the_run_and_can_be_made_later(fakes: HandlerFakes) -> None:
    fakes.store.objects["bulk/lot.jsonl"] = list_of_files(3)
    functions = Functions()
    calls: list[str] = []

    def refusing(name: str, payload: Any) -> Any:
        calls.append(name)
        if name == "summary":
            raise StoreFailed
        return functions(name, payload)

    run = state_machine(fakes)
    run.invoke = refusing
    with pytest.raises(ExecutionFailed, match="StoreFailed"):
        run.run("bulk/lot.jsonl")
    assert (calls, len(run.waits)) == (["bulk", *["summary"] * 6], 5)
    assert "runs/run-1/summary.json" not in fakes.store.objects

    run.invoke = functions
    again = run.redrive("Summary")

    assert (again["counts"]["status"], again["complete"]) == ({"stored": 3}, True)


def test_an_error_that_nothing_catches_is_not_caught_here_either(fakes: HandlerFakes) -> None:
    """Otherwise the tests above would prove nothing."""
    [catcher, _] = state_machine(fakes).definition["States"]["JsonLines"]["Catch"]
    matches = StateMachine._matches
    assert matches(catcher, ExecutionFailed("States.DataLimitExceeded", ""))
    assert not matches({"ErrorEquals": ["States.ALL"]}, ExecutionFailed("States.DataLimitExceeded", ""))
    assert not matches({"ErrorEquals": ["States.ALL"]}, ExecutionFailed("States.Runtime", ""))
    assert not matches({"ErrorEquals": ["States.TaskFailed"]}, ExecutionFailed("States.Runtime", ""))
    assert matches({"ErrorEquals": ["States.ALL"]}, ExecutionFailed("States.Timeout", ""))
