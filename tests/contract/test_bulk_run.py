"""The definition, run: every state of infra/bulk.asl.yaml is executed, with real batches through the real handlers.

By an interpreter of ours (bulk_machine), and with the handlers' ports in memory. What this proves: that readers,
batches, their inputs, retries, catches and the end of a run fit together, and fit the handlers. What it does not:
that AWS does the same. That stands in test_bulk_definition, by AWS's documentation.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from infra.local.distributed_map import batches

from contract.bulk_machine import Failed, Machine, definition
from doors import House, house
from fakes import FakeStore
from intake import runtime
from intake.adapters.runs import Runs
from intake.domain.errors import NotFound, StoreFailed
from intake.domain.file import File
from intake.domain.limits import Limits
from intake.domain.report import BatchReport, batches_prefix, failed_key, summary_key
from intake.handlers import bulk, summary
from lambda_context import Context
from samples import picture

SITE = "https://a.example/"
IMAGE = picture(4, 3, 1)


class RunsInMemory(Runs):
    """The results of runs in the same memory as receipts."""

    def __init__(self, store: FakeStore) -> None:
        self._objects = store.objects

    def reports(self, run: str) -> Iterator[BatchReport]:
        for key in sorted(self._objects):
            if key.startswith(batches_prefix(run)):
                yield BatchReport.model_validate_json(self._objects[key])

    def put_failed(self, run: str, lines: Any) -> bool:
        if text := b"".join(line + b"\n" for line in lines):
            self._objects[failed_key(run)] = text
        return bool(text)

    def put_summary(self, summary: Any) -> None:
        self._objects[summary_key(summary.run)] = summary.model_dump_json(by_alias=True).encode()


@pytest.fixture
def behind(monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    with house(monkeypatch, limits=Limits(deadline_margin=0.1)) as built:
        monkeypatch.setattr(runtime, "runs", lambda: RunsInMemory(built.store))
        built.fetch.answers = {SITE + str(number): IMAGE for number in range(2000)} | {SITE + "gone": NotFound()}
        yield built


class Functions:
    """The functions of the machine; the first calls of the batches can be made to fail."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.calls: list[str] = []

    def __call__(self, name: str, payload: Any) -> Any:
        self.calls.append(name)
        if name == "bulk" and self.failures:
            raise self.failures.pop(0)
        return {"bulk": bulk, "summary": summary}[name].handler(payload, Context(60.0))


def machine(behind: House, functions: Functions | None = None, **values: int) -> Machine:
    return Machine(definition(**values), functions or Functions(), behind.store.objects)


def jsonl(*documents: object) -> bytes:
    return b"".join(json.dumps(document).encode() + b"\n" for document in documents)


def files(number: int) -> bytes:
    return jsonl(*({"id": str(n), "urls": [SITE + str(n)]} for n in range(number)))


def receipts(behind: House) -> set[str]:
    return {key.removeprefix("receipts/").removesuffix(".json") for key in behind.store.objects if "receipts/" in key}


def test_a_list_of_lines_goes_through_in_batches_and_nothing_is_lost(behind: House) -> None:
    behind.store.objects["bulk/lot.jsonl"] = files(1007)
    run = machine(behind, BatchSize=50)

    output = run.run("bulk/lot.jsonl")

    assert [len(batch["Items"]) for batch in run.inputs] == [50] * 20 + [7]
    assert receipts(behind) == {str(number) for number in range(1007)}
    assert (output["counts"]["files"], output["counts"]["status"]) == (1007, {"stored": 1007})
    assert output["list"] == "s3://the-inbox/bulk/lot.jsonl"
    assert json.loads(behind.store.objects["runs/run-1/summary.json"]) == output
    assert output["failedKey"] is None


def test_a_batch_is_handed_over_with_the_run_it_belongs_to(behind: House) -> None:
    behind.store.objects["bulk/lot.jsonl"] = files(3)
    run = machine(behind)

    run.run("bulk/lot.jsonl")

    [batch] = run.inputs
    assert batch["BatchInput"] == {"run": "run-1", "startedAt": "2026-11-22T12:00:00.000Z"}
    assert len([key for key in behind.store.objects if key.startswith("runs/run-1/batches/")]) == 1


def test_a_batch_is_never_larger_than_the_definition_says(behind: House) -> None:
    long = [{"id": str(number), "urls": [SITE + str(number) + "?" + "x" * 4000] * 20} for number in range(12)]
    behind.store.objects["bulk/lot.jsonl"] = jsonl(*long)
    run = machine(behind, BatchSize=50)

    run.run("bulk/lot.jsonl")

    assert [len(batch["Items"]) for batch in run.inputs] == [2, 2, 2, 2, 2, 2]
    assert max(len(json.dumps(batch["Items"])) for batch in run.inputs) <= 220_000


def test_an_item_that_is_larger_than_a_batch_may_be_is_refused() -> None:
    batcher = {"MaxItemsPerBatch": 50, "MaxInputBytesPerBatch": 1000}
    assert [len(batch["Items"]) for batch in batches(["x" * 300] * 7, batcher, None)] == [3, 3, 1]
    with pytest.raises(ValueError, match="does not fit into a batch of 1000"):
        list(batches(["x" * 1000], batcher, None))


def test_rows_with_a_url_and_rows_with_a_file_and_its_base_images_are_files(behind: House) -> None:
    behind.store.objects["bulk/urls.csv"] = f"id,url\na,{SITE}1\nb,{SITE}gone\n".encode()
    behind.store.objects["bulk/files.csv"] = f'id,fileUrl,baseUrls\nc,{SITE}2,"{SITE}3 {SITE}4"\n'.encode()

    first = machine(behind).run("bulk/urls.csv")
    second = machine(behind).run("bulk/files.csv")

    assert first["counts"]["status"] == {"stored": 1, "failed": 1}
    assert second["counts"]["files"] == 3  # a second run of the same name: both stand there
    assert receipts(behind) == {"a", "b", "c"}
    assert len(json.loads(behind.store.objects["receipts/c.json"])["objectKeys"]) == 3


def test_what_failed_can_be_dropped_in_again_as_it_is(behind: House) -> None:
    behind.store.objects["bulk/lot.jsonl"] = jsonl(
        {"id": "a", "urls": [SITE + "gone"]}, {"id": "b", "urls": [SITE + "1"]}
    )
    machine(behind).run("bulk/lot.jsonl")
    left = behind.store.objects["runs/run-1/failed.jsonl"]
    assert [File.parse(json.loads(line)).id for line in left.splitlines()] == ["a"]

    behind.fetch.answers = dict(behind.fetch.answers) | {SITE + "gone": IMAGE}
    behind.store.objects["bulk/failed.jsonl"] = left
    started = (datetime.now(UTC) + timedelta(seconds=2)).isoformat()
    later = Machine(definition(), Functions(), behind.store.objects, "run-2", started).run("bulk/failed.jsonl")

    assert (later["counts"]["files"], later["counts"]["images"]) == (1, {"reused": 1})


def test_throttling_is_waited_for_with_growing_waits(behind: House) -> None:
    behind.store.objects["bulk/lot.jsonl"] = files(1)
    functions = Functions(*[Failed("Lambda.TooManyRequestsException", "Rate exceeded")] * 5)
    run = machine(behind, functions)

    assert run.run("bulk/lot.jsonl")["counts"]["status"] == {"stored": 1}
    assert run.waits == [2, 4, 8, 16, 16]


def test_a_function_that_raises_is_called_once_more(behind: House) -> None:
    behind.store.objects["bulk/lot.jsonl"] = files(1)
    functions = Functions(StoreFailed())

    assert machine(behind, functions).run("bulk/lot.jsonl")["counts"]["status"] == {"stored": 1}
    assert functions.calls == ["bulk", "bulk", "summary"]


def test_a_batch_that_breaks_is_in_the_summary_and_in_what_failed(behind: House) -> None:
    """One of ten batches, within what is tolerated: the run succeeds, and not one File is missing in it."""
    behind.store.objects["bulk/lot.jsonl"] = files(40)
    functions = Functions(*[MemoryError("out of memory")] * 2)
    run = machine(behind, functions, BatchSize=4, ToleratedFailurePercentage=10)

    output = run.run("bulk/lot.jsonl")

    assert (output["counts"]["files"], output["counts"]["status"]) == (40, {"broken": 4, "stored": 36})
    left = [json.loads(line) for line in behind.store.objects["runs/run-1/failed.jsonl"].splitlines()]
    assert left == run.inputs[0]["Items"]


def test_a_run_with_more_broken_batches_than_tolerated_fails_with_its_cause_and_has_its_summary(behind: House) -> None:
    behind.store.objects["bulk/lot.jsonl"] = files(8)
    functions = Functions(*[MemoryError("out of memory")] * 2)

    with pytest.raises(Failed, match=r"States\.ExceedToleratedFailureThreshold: 4 of 8 items"):
        machine(behind, functions, BatchSize=4).run("bulk/lot.jsonl")
    kept = json.loads(behind.store.objects["runs/run-1/summary.json"])
    assert kept["counts"]["status"] == {"broken": 4, "stored": 4}


def test_a_list_that_cannot_be_read_fails_with_its_cause_and_has_a_summary(behind: House) -> None:
    with pytest.raises(Failed, match=r"States\.ItemReaderFailed"):
        machine(behind).run("bulk/gone.jsonl")
    assert json.loads(behind.store.objects["runs/run-1/summary.json"])["counts"]["files"] == 0


@pytest.mark.parametrize("key", ["bulk/lot.txt", "bulk/lot.json", "bulk/lot.jsonl.gz", "bulk/csv"])
def test_what_is_no_list_fails_and_says_what_a_list_is(behind: House, key: str) -> None:
    with pytest.raises(Failed, match=rf"NotAList: {key} is no list\. .*\.jsonl.*\.csv"):
        machine(behind).run(key)
    assert behind.store.objects == {}


def test_a_folder_that_the_console_makes_starts_nothing(behind: House) -> None:
    machine(behind).run("bulk/lots/")
    assert behind.store.objects == {}


def test_lists_that_are_empty_end_well(behind: House) -> None:
    behind.store.objects["bulk/lot.jsonl"] = b""
    assert machine(behind).run("bulk/lot.jsonl")["counts"]["files"] == 0
