"""The table of a bulk run has one row for every row of its list, whatever happens to the functions.

The interpreter of support/state_machine.py runs the definition with the real handlers and ports in memory.
"""

import gzip
import json
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest

from intake.model.bulk_item import BulkItem
from intake.model.error_codes import NotFound, StoreFailed
from support.handler_fakes import HandlerFakes
from support.state_machine import ExecutionFailed
from support.state_machine_lab import IMAGE, SITE, Functions, json_lines, state_machine

ROWS = 4_000
MOMENTS = ("before", "receipts/", "runs/run-1/images/", "runs/run-1/batches/", "response")
"""Moments at which an invocation ends: before it has begun, with the first receipt, with the rows, with the report; and
when it has done everything."""


class StoppedError(BaseException):
    """Somebody stops the execution."""


@dataclass
class FailingFunctions:
    """Functions of which one invocation in four ends early.

    Attributes:
        stop_after: the number of invocations after which somebody stops the execution; None for never.
        moments: the number of invocations that ended at each moment.
    """

    fakes: HandlerFakes
    generator: random.Random
    stop_after: int | None = None

    def __post_init__(self) -> None:
        self.moments = Counter[str]()
        self._functions = Functions()

    def __call__(self, name: str, payload: Any) -> Any:
        if name == "summary":
            self._report_again()
            return self._functions(name, payload)
        if self.stop_after is not None:
            self.stop_after -= 1
        if self.stop_after == 0:
            raise StoppedError
        moment = self.generator.choice(MOMENTS) if self.generator.random() < 0.5 else "never"
        self.moments[moment] += 1
        return self._call_until(moment, payload)

    def _call_until(self, moment: str, payload: Any) -> Any:
        if moment == "before":
            raise ExecutionFailed("Lambda.Unknown", "Killed.")
        self.fakes.store.failures = {moment: StoreFailed()} if "/" in moment else {}
        result = self._functions("bulk", payload)
        if moment == "response":
            raise ExecutionFailed("Lambda.Unknown", "The connection was closed.")
        return result

    def _report_again(self) -> None:
        objects = self.fakes.store.objects
        for key in [key for key in objects if key.startswith("runs/run-1/broken/")][::2]:
            objects[f"runs/run-1/broken/{uuid4()}.json"] = objects[key]


def table_of(fakes: HandlerFakes) -> list[dict[str, Any]]:
    parts = [body for key, body in fakes.store.objects.items() if key.startswith("runs/run-1/images/")]
    return [json.loads(line) for part in parts for line in gzip.decompress(part).splitlines()]


def lines_of(fakes: HandlerFakes, name: str) -> list[Any]:
    return [json.loads(line) for line in fakes.store.objects.get(f"runs/run-1/{name}", b"").splitlines()]


def write_json_lines(urls: list[str]) -> bytes:
    """Write URLs as a list; the fifth of seven rows is no File."""
    rows = ({"urls": [url], "note": {"n": str(n)}} for n, url in enumerate(urls, start=1))
    return json_lines(*({"urls": [5]} if n % 7 == 5 else row for n, row in enumerate(rows, start=1)))


def write_csv(urls: list[str]) -> bytes:
    """Write URLs as a list; the fifth of seven rows has too many cells, the first row is there again."""
    rows = [f"{url},{n}" if n % 7 != 5 else f"{url},too,many" for n, url in enumerate(urls, start=1)]
    return "\n".join(["url,n", *rows[:70], "url,n", ",", *rows[70:], ",,", ",", ""]).encode()


@pytest.mark.parametrize("stop_after", [None, 60], ids=["to its end", "stopped and continued"])
@pytest.mark.parametrize(("key", "write"), [("bulk/lot.jsonl", write_json_lines), ("bulk/lot.csv", write_csv)])
def test_table_has_every_row_once_when_functions_are_killed_and_batches_are_repeated(
    fakes: HandlerFakes, key: str, write: Callable[[list[str]], bytes], stop_after: int | None
) -> None:
    urls = [f"{SITE}{'gone' if n % 10 == 0 else n}" for n in range(1, ROWS + 1)]
    fakes.downloader.results = dict.fromkeys(urls, IMAGE) | {SITE + "gone": NotFound()}
    fakes.store.objects[key] = write(urls)
    functions = FailingFunctions(fakes, random.Random(7), stop_after)
    run = state_machine(fakes, ToleratedFailurePercentage=100)
    run.invoke = functions

    if stop_after is None:
        output = run.run(key)
    else:
        with pytest.raises(StoppedError):
            run.run(key)
        output = run.redrive("JsonLines" if key.endswith(".jsonl") else "CsvRows")

    assert min(functions.moments[moment] for moment in (*MOMENTS, "never")) > 5
    rows = table_of(fakes)
    shift = 0 if key.endswith(".jsonl") else 2  # behind the first row that is there again, and an empty one
    numbers = [n if n <= 70 else n + shift for n in range(1, ROWS + 1)]
    assert Counter(row["row"] for row in rows) == dict.fromkeys(numbers, 1)
    assert Counter(row["status"] for row in rows) == output["counts"]["status"]
    by_number = {row["row"]: row for row in rows}
    shown = [None if n % 7 == 5 else url for n, url in enumerate(urls, start=1)]
    assert [by_number[number]["url"] for number in numbers] == shown
    notes = [None if url is None else {"n": f"{n}"} for n, url in enumerate(shown, start=1)]
    assert [by_number[number]["note"] for number in numbers] == notes
    failed = {line["intakeFailure"]["row"]: line for line in lines_of(fakes, "failed.jsonl")}
    assert failed.keys() == {number for number, row in by_number.items() if row["status"] != "stored"}
    broken = {number for number, row in by_number.items() if row["status"] == "broken"}
    assert {line["intakeFailure"]["row"] for line in lines_of(fakes, "retryable.jsonl")} == broken
    assert len(broken) > ROWS / 20


def test_retryable_list_has_what_may_succeed_later_and_is_absent_when_nothing_may(fakes: HandlerFakes) -> None:
    fakes.downloader.results = dict(fakes.downloader.results) | {SITE + "busy": StoreFailed()}
    long = {"urls": ["x" * 100_000], "more": "y" * 110_000}
    documents = [{"urls": [SITE + name]} for name in ("gone", "1", "busy")]
    fakes.store.objects["bulk/lot.jsonl"] = json_lines(*documents, {"url": 7}, long)

    output = state_machine(fakes).run("bulk/lot.jsonl")

    assert (output["tablePrefix"], output["retryableKey"]) == ("runs/run-1/images/", "runs/run-1/retryable.jsonl")
    assert {line["intakeFailure"]["row"] for line in lines_of(fakes, "retryable.jsonl")} == {3}
    again = [BulkItem.read(line).content for line in lines_of(fakes, "retryable.jsonl")]
    assert again == [documents[2]]

    fakes.store.objects = {"bulk/lot.jsonl": json_lines(documents[0], documents[1])}
    output = state_machine(fakes).run("bulk/lot.jsonl")
    assert (output["failedKey"], output["retryableKey"]) == ("runs/run-1/failed.jsonl", None)
    assert "runs/run-1/retryable.jsonl" not in fakes.store.objects
