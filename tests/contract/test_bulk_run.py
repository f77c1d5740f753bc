"""An interpreter (support/state_machine.py) runs infra/bulk.asl.yaml with the real handlers and ports in memory.

This proves that readers, batches, inputs, retries, catches and the end of a run fit together and fit the handlers. It
does not prove that AWS behaves like the interpreter. test_bulk_definition compares the definition with AWS's pages.
"""

import json
from datetime import UTC, datetime, timedelta

import pytest
from infra.local.ministack_patches.item_batcher import batches

from intake.model.file import File
from support.handler_fakes import HandlerFakes
from support.state_machine import ExecutionFailed, StateMachine
from support.state_machine_definition import definition
from support.state_machine_lab import IMAGE, SITE, Functions, json_lines, list_of_files, receipt_ids, state_machine


def test_every_line_of_a_list_is_ingested_in_batches(fakes: HandlerFakes) -> None:
    fakes.store.objects["bulk/lot.jsonl"] = list_of_files(1007)
    run = state_machine(fakes, BatchSize=50)

    output = run.run("bulk/lot.jsonl")

    assert [len(batch["Items"]) for batch in run.inputs] == [50] * 20 + [7]
    assert receipt_ids(fakes) == {str(number) for number in range(1007)}
    assert (output["counts"]["files"], output["counts"]["status"]) == (1007, {"stored": 1007})
    assert output["list"] == "s3://the-inbox/bulk/lot.jsonl"
    assert json.loads(fakes.store.objects["runs/run-1/summary.json"]) == output
    assert output["failedKey"] is None


def test_batch_names_its_run(fakes: HandlerFakes) -> None:
    fakes.store.objects["bulk/lot.jsonl"] = list_of_files(3)
    run = state_machine(fakes)

    run.run("bulk/lot.jsonl")

    [batch] = run.inputs
    assert batch["BatchInput"] == {"run": "run-1", "startedAt": "2026-11-22T12:00:00.000Z"}
    assert len([key for key in fakes.store.objects if key.startswith("runs/run-1/batches/")]) == 1


def test_batch_is_not_larger_than_the_definition_permits(fakes: HandlerFakes) -> None:
    long = [{"id": str(number), "urls": [SITE + str(number) + "?" + "x" * 4000] * 20} for number in range(12)]
    fakes.store.objects["bulk/lot.jsonl"] = json_lines(*long)
    run = state_machine(fakes, BatchSize=50)

    run.run("bulk/lot.jsonl")

    assert [len(batch["Items"]) for batch in run.inputs] == [2, 2, 2, 2, 2, 2]
    assert max(len(json.dumps(batch["Items"])) for batch in run.inputs) <= 220_000


def test_item_larger_than_a_batch_is_refused() -> None:
    batcher = {"MaxItemsPerBatch": 50, "MaxInputBytesPerBatch": 1000}
    assert [len(batch["Items"]) for batch in batches(["x" * 300] * 7, batcher, None)] == [3, 3, 1]
    with pytest.raises(ValueError, match="does not fit into a batch of 1000"):
        list(batches(["x" * 1000], batcher, None))


def test_rows_with_a_url_and_rows_with_base_images_are_files(fakes: HandlerFakes) -> None:
    fakes.store.objects["bulk/urls.csv"] = f"id,lot,url\na,7,{SITE}1\nb,,{SITE}gone\n".encode()
    fakes.store.objects["bulk/files.csv"] = f'id,fileUrl,baseUrls\nc,{SITE}2,"{SITE}3 {SITE}4"\n'.encode()

    first = state_machine(fakes).run("bulk/urls.csv")
    second = state_machine(fakes).run("bulk/files.csv")

    assert first["counts"]["status"] == {"stored": 1, "failed": 1}
    assert second["counts"]["files"] == 3  # this run has the same name, so the summary counts both
    assert receipt_ids(fakes) == {"a", "b", "c"}
    receipts = [json.loads(fakes.store.objects[f"receipts/{name}.json"]) for name in "abc"]
    assert [len(receipt["objectKeys"]) for receipt in receipts] == [1, 1, 3]
    assert [receipt.get("note") for receipt in receipts] == [{"lot": "7"}, None, None]


def test_row_with_too_many_cells_is_refused_and_no_other_image_is_fetched(fakes: HandlerFakes) -> None:
    text = f'\ufeff"ID","base name",URL\na,x,{SITE}1\nb,x,{SITE}2?size=1,2\n,,\nc,x,{SITE}3,\n'
    fakes.store.objects["bulk/lot.csv"] = text.encode()
    run = state_machine(fakes)

    output = run.run("bulk/lot.csv")

    assert output["counts"]["status"] == {"stored": 2, "refused": 1}  # the empty row is skipped
    assert fakes.downloader.requests == {SITE + "1": 1, SITE + "3": 1}
    failed = [json.loads(line) for line in fakes.store.objects["runs/run-1/failed.jsonl"].splitlines()]
    assert failed[0]["extra"] == ["2"]
    [refused] = output["refused"]
    assert (refused["row"], refused["errors"][0]["message"][:25]) == (2, "has 4 cells for 3 columns")

    fakes.store.objects["bulk/again.jsonl"] = fakes.store.objects["runs/run-1/failed.jsonl"]
    fakes.downloader.requests.clear()
    state_machine(fakes).run("bulk/again.jsonl")
    assert not fakes.downloader.requests


@pytest.mark.parametrize(
    "text",
    ["id;url\na;{0}1\n", "{0}1\n{0}2\n", "url,URL\n{0}1,{0}2\n", "sep=,\nurl\n{0}1\n", "url\r{0}1\r", "name\n{0}1\n"],
)
def test_every_row_is_refused_when_the_first_does_not_name_the_columns(fakes: HandlerFakes, text: str) -> None:
    fakes.store.objects["bulk/lot.csv"] = text.format(SITE).encode()

    counts = state_machine(fakes).run("bulk/lot.csv")["counts"]

    assert set(counts["status"]) == {"refused"}
    assert not fakes.downloader.requests


def test_list_with_more_columns_than_the_definition_has_is_refused(fakes: HandlerFakes) -> None:
    for columns, status in ((31, {"stored": 1}), (32, {"refused": 2}), (40, {"refused": 2})):
        names = ["url", *[f"note {number}" for number in range(columns - 1)]]
        fakes.store.objects = {"bulk/lot.csv": f"{','.join(names)}\n{SITE}1{',x' * (columns - 1)}\n".encode()}
        assert state_machine(fakes).run("bulk/lot.csv")["counts"]["status"] == status


@pytest.mark.parametrize("text", ["", "url\n", "\n"])
def test_csv_without_rows_succeeds(fakes: HandlerFakes, text: str) -> None:
    fakes.store.objects["bulk/lot.csv"] = text.encode()
    assert state_machine(fakes).run("bulk/lot.csv")["counts"]["files"] == 0


def test_failed_jsonl_is_a_list_that_can_be_run(fakes: HandlerFakes) -> None:
    fakes.store.objects["bulk/lot.jsonl"] = json_lines(
        {"id": "a", "urls": [SITE + "gone"]}, {"id": "b", "urls": [SITE + "1"]}
    )
    state_machine(fakes).run("bulk/lot.jsonl")
    failed = fakes.store.objects["runs/run-1/failed.jsonl"]
    assert [File.parse(json.loads(line)).id for line in failed.splitlines()] == ["a"]

    fakes.downloader.results = dict(fakes.downloader.results) | {SITE + "gone": IMAGE}
    fakes.store.objects["bulk/failed.jsonl"] = failed
    started = (datetime.now(UTC) + timedelta(seconds=2)).isoformat()
    later = StateMachine(definition(), Functions(), fakes.store.objects, "run-2", started).run("bulk/failed.jsonl")

    assert (later["counts"]["files"], later["counts"]["images"]) == (1, {"reused": 1})


@pytest.mark.parametrize("key", ["bulk/lot.txt", "bulk/lot.json", "bulk/lot.jsonl.gz", "bulk/csv"])
def test_object_that_is_not_a_list_fails_with_a_message_that_names_the_formats(fakes: HandlerFakes, key: str) -> None:
    with pytest.raises(ExecutionFailed, match=rf"NotAList: {key} is not a list\. .*\.jsonl.*\.csv"):
        state_machine(fakes).run(key)
    assert fakes.store.objects == {}


def test_folder_created_by_the_console_is_ignored(fakes: HandlerFakes) -> None:
    state_machine(fakes).run("bulk/lots/")
    assert fakes.store.objects == {}


def test_empty_list_succeeds(fakes: HandlerFakes) -> None:
    fakes.store.objects["bulk/lot.jsonl"] = b""
    assert state_machine(fakes).run("bulk/lot.jsonl")["counts"]["files"] == 0
