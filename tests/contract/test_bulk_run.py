"""The definition, run: every state of infra/bulk.asl.yaml is executed, with real batches through the real handlers.

By an interpreter of ours (bulk_machine), and with the handlers' ports in memory. What this proves: that readers,
batches, their inputs, retries, catches and the end of a run fit together, and fit the handlers. What it does not:
that AWS does the same. That stands in test_bulk_definition, by AWS's documentation.
"""

import json
from datetime import UTC, datetime, timedelta

import pytest
from infra.local.distributed_map import batches

from intake.model.file import File
from support.handler_fakes import HandlerFakes
from support.state_machine import ExecutionFailed, StateMachine
from support.state_machine_definition import definition
from support.state_machine_lab import IMAGE, SITE, Functions, json_lines, list_of_files, receipt_ids, state_machine


def test_a_list_of_lines_goes_through_in_batches_and_nothing_is_lost(fakes: HandlerFakes) -> None:
    fakes.store.objects["bulk/lot.jsonl"] = list_of_files(1007)
    run = state_machine(fakes, BatchSize=50)

    output = run.run("bulk/lot.jsonl")

    assert [len(batch["Items"]) for batch in run.inputs] == [50] * 20 + [7]
    assert receipt_ids(fakes) == {str(number) for number in range(1007)}
    assert (output["counts"]["files"], output["counts"]["status"]) == (1007, {"stored": 1007})
    assert output["list"] == "s3://the-inbox/bulk/lot.jsonl"
    assert json.loads(fakes.store.objects["runs/run-1/summary.json"]) == output
    assert output["failedKey"] is None


def test_a_batch_is_handed_over_with_the_run_it_belongs_to(fakes: HandlerFakes) -> None:
    fakes.store.objects["bulk/lot.jsonl"] = list_of_files(3)
    run = state_machine(fakes)

    run.run("bulk/lot.jsonl")

    [batch] = run.inputs
    assert batch["BatchInput"] == {"run": "run-1", "startedAt": "2026-11-22T12:00:00.000Z"}
    assert len([key for key in fakes.store.objects if key.startswith("runs/run-1/batches/")]) == 1


def test_a_batch_is_never_larger_than_the_definition_says(fakes: HandlerFakes) -> None:
    long = [{"id": str(number), "urls": [SITE + str(number) + "?" + "x" * 4000] * 20} for number in range(12)]
    fakes.store.objects["bulk/lot.jsonl"] = json_lines(*long)
    run = state_machine(fakes, BatchSize=50)

    run.run("bulk/lot.jsonl")

    assert [len(batch["Items"]) for batch in run.inputs] == [2, 2, 2, 2, 2, 2]
    assert max(len(json.dumps(batch["Items"])) for batch in run.inputs) <= 220_000


def test_an_item_that_is_larger_than_a_batch_may_be_is_refused() -> None:
    batcher = {"MaxItemsPerBatch": 50, "MaxInputBytesPerBatch": 1000}
    assert [len(batch["Items"]) for batch in batches(["x" * 300] * 7, batcher, None)] == [3, 3, 1]
    with pytest.raises(ValueError, match="does not fit into a batch of 1000"):
        list(batches(["x" * 1000], batcher, None))


def test_rows_with_a_url_and_rows_with_a_file_and_its_base_images_are_files(fakes: HandlerFakes) -> None:
    fakes.store.objects["bulk/urls.csv"] = f"id,url\na,{SITE}1\nb,{SITE}gone\n".encode()
    fakes.store.objects["bulk/files.csv"] = f'id,fileUrl,baseUrls\nc,{SITE}2,"{SITE}3 {SITE}4"\n'.encode()

    first = state_machine(fakes).run("bulk/urls.csv")
    second = state_machine(fakes).run("bulk/files.csv")

    assert first["counts"]["status"] == {"stored": 1, "failed": 1}
    assert second["counts"]["files"] == 3  # a second run of the same name: both stand there
    assert receipt_ids(fakes) == {"a", "b", "c"}
    assert len(json.loads(fakes.store.objects["receipts/c.json"])["objectKeys"]) == 3


def test_what_failed_can_be_dropped_in_again_as_it_is(fakes: HandlerFakes) -> None:
    fakes.store.objects["bulk/lot.jsonl"] = json_lines(
        {"id": "a", "urls": [SITE + "gone"]}, {"id": "b", "urls": [SITE + "1"]}
    )
    state_machine(fakes).run("bulk/lot.jsonl")
    left = fakes.store.objects["runs/run-1/failed.jsonl"]
    assert [File.parse(json.loads(line)).id for line in left.splitlines()] == ["a"]

    fakes.downloader.results = dict(fakes.downloader.results) | {SITE + "gone": IMAGE}
    fakes.store.objects["bulk/failed.jsonl"] = left
    started = (datetime.now(UTC) + timedelta(seconds=2)).isoformat()
    later = StateMachine(definition(), Functions(), fakes.store.objects, "run-2", started).run("bulk/failed.jsonl")

    assert (later["counts"]["files"], later["counts"]["images"]) == (1, {"reused": 1})


@pytest.mark.parametrize("key", ["bulk/lot.txt", "bulk/lot.json", "bulk/lot.jsonl.gz", "bulk/csv"])
def test_what_is_no_list_fails_and_says_what_a_list_is(fakes: HandlerFakes, key: str) -> None:
    with pytest.raises(ExecutionFailed, match=rf"NotAList: {key} is not a list\. .*\.jsonl.*\.csv"):
        state_machine(fakes).run(key)
    assert fakes.store.objects == {}


def test_a_folder_that_the_console_makes_starts_nothing(fakes: HandlerFakes) -> None:
    state_machine(fakes).run("bulk/lots/")
    assert fakes.store.objects == {}


def test_lists_that_are_empty_end_well(fakes: HandlerFakes) -> None:
    fakes.store.objects["bulk/lot.jsonl"] = b""
    assert state_machine(fakes).run("bulk/lot.jsonl")["counts"]["files"] == 0
