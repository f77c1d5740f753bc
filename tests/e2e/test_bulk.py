"""Bulk runs, end to end: a list in the inbox, EventBridge, the state machine, and the functions with their roles.

MiniStack 1.5.33 silently ignores ItemBatcher and ResultWriter, so infra/local patches them in from AWS's documentation.
Of these two, the tests prove only that definition and code fit that patch. Everything else is observed: each test
counts what the functions received and what the bucket contains.
"""

import csv
import gzip
import json
import time
from collections import Counter
from io import StringIO
from typing import Any

import pytest

from intake.model.bulk_item import BulkItem
from support.deployed_lab import BATCH_SIZE, Lab, broken_function, json_lines, wait_for
from support.killed_client import kill_client
from support.origin import BEHAVIOURS

MANY = 20_000
BROKEN = 11_100
"""The line whose batch breaks."""


def wait_for_run(lab: Lab, key: str, seconds: float = 60.0) -> dict[str, Any]:
    """Wait until the execution for a list has ended, and return its description."""
    states = lab.stack.aws.client("stepfunctions")

    def poll() -> dict[str, Any] | None:
        for execution in states.list_executions(stateMachineArn=lab.stack.machine)["executions"]:
            described: dict[str, Any] = states.describe_execution(executionArn=execution["executionArn"])
            if json.loads(described["input"])["detail"]["object"]["key"] == key and described["status"] != "RUNNING":
                return described
        return None

    return wait_for(poll, seconds)


def batches(lab: Lab, run: str, *endings: str) -> list[dict[str, Any]]:
    """Read the inputs of the batches that ended so from the output of ResultWriter."""
    names = tuple(f"{ending}_0.json" for ending in endings or ("SUCCEEDED",))
    keys = [key for key in lab.objects(f"runs/{run}/map/") if key.endswith(names)]
    return [json.loads(child["Input"]) for key in keys for child in lab.json(key)]


def read_table(lab: Lab, run: str) -> list[dict[str, Any]]:
    """Read the rows of all parts of the table."""
    parts = map(lab.read, lab.objects(f"runs/{run}/images/"))
    return [json.loads(line) for part in parts for line in gzip.decompress(part).splitlines()]


def read_failed(lab: Lab, run: str) -> list[Any]:
    """Read the lines of failed.jsonl."""
    return [json.loads(line) for line in lab.read(f"runs/{run}/failed.jsonl").splitlines()]


def csv_list(*rows: dict[str, str]) -> bytes:
    text = StringIO()
    writer = csv.DictWriter(text, rows[0])
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def test_csv_list_is_ingested_in_batches_and_failed_jsonl_can_be_run_again(deployed: Lab) -> None:
    missing = {7, 300, 599}
    paths = [f"{'not_yet' if n in missing else 'length'}/b-csv-{n}" for n in range(600)]
    deployed.origin.responders["not_yet"] = BEHAVIOURS["status_404"].respond
    rows = [{"lot": str(n), "id": f"b-csv-{n}", "url": deployed.origin.url(path)} for n, path in enumerate(paths)]
    deployed.put_in_inbox("bulk/b-lot.csv", csv_list(*rows))

    run = wait_for_run(deployed, "bulk/b-lot.csv")

    assert run["status"] == "SUCCEEDED"
    sizes = [len(batch["Items"]) for batch in batches(deployed, run["name"])]
    assert sizes == [BATCH_SIZE, BATCH_SIZE, 101]  # the first row is an item too
    assert len(deployed.objects(f"runs/{run['name']}/batches/")) == 3
    assert set(deployed.objects("receipts/b-csv-")) == {f"receipts/b-csv-{n}.json" for n in range(600)}
    assert {deployed.origin.request_count(path) for path in paths} == {1}
    summary = deployed.json(f"runs/{run['name']}/summary.json")
    assert summary == json.loads(run["output"])
    assert (summary["counts"]["files"], summary["batches"]) == (600, 3)
    assert summary["counts"]["status"] == {"stored": 597, "failed": 3}
    assert summary["counts"]["codes"] == {"not_found": 3}
    failed = deployed.read(f"runs/{run['name']}/failed.jsonl")
    assert {json.loads(line)["id"] for line in failed.splitlines()} == {f"b-csv-{n}" for n in missing}

    deployed.origin.responders["not_yet"] = BEHAVIOURS["length"].respond
    # Receipts have a time in seconds: without a pause, those of this run would count as those of the next one.
    time.sleep(1.1)
    deployed.put_in_inbox("bulk/b-failed.jsonl", failed)
    again = json.loads(wait_for_run(deployed, "bulk/b-failed.jsonl")["output"])

    assert (again["counts"]["status"], again["failedKey"]) == ({"stored": 3}, None)
    assert [deployed.json(f"receipts/b-csv-{n}.json")["note"] for n in (6, 7)] == [{"lot": "6"}, {"lot": "7"}]


def test_csv_row_and_json_line_of_the_same_file_have_the_same_result(deployed: Lab) -> None:
    names = [deployed.origin.url(f"length/b-same-{n}") for n in range(3)]
    row = {"id": "b-row", "fileUrl": names[0], "baseUrls": f"{names[1]} {names[2]}"}
    line = {"id": "b-line", "fileUrl": names[0], "baseUrls": [{"url": names[1]}, [names[2]]]}
    deployed.put_in_inbox("bulk/b-rows.csv", csv_list(row))
    deployed.put_in_inbox("bulk/b-lines.jsonl", json_lines(line))

    runs = [wait_for_run(deployed, f"bulk/{name}") for name in ("b-rows.csv", "b-lines.jsonl")]
    assert [run["status"] for run in runs] == ["SUCCEEDED"] * 2
    from_row, from_line = (deployed.json(f"receipts/{name}.json") for name in ("b-row", "b-line"))
    assert from_row["digest"] == from_line["digest"]
    assert from_row["objectKeys"] == from_line["objectKeys"]


def test_row_with_too_many_cells_is_refused_and_no_other_image_is_fetched(deployed: Lab) -> None:
    url = deployed.origin.url("length/b-cells")
    deployed.put_in_inbox("bulk/b-cells.csv", f'\ufeff"URL",Id\r\n{url}?a=1,b-one,2\r\n{url},b-two,\r\n'.encode())

    run = wait_for_run(deployed, "bulk/b-cells.csv")

    assert json.loads(run["output"])["counts"]["status"] == {"refused": 1, "stored": 1}
    assert deployed.origin.request_count("length/b-cells") == 1
    assert deployed.objects("receipts/b-two") == ["receipts/b-two.json"]


def test_json_lines_may_have_byte_order_marks(deployed: Lab) -> None:
    line = "\ufeff" + json.dumps({"urls": [deployed.origin.url("length/b-mark")]})
    deployed.put_in_inbox("bulk/b-mark.jsonl", f"{line}\n{line}\n".encode())

    counts = json.loads(wait_for_run(deployed, "bulk/b-mark.jsonl")["output"])["counts"]

    assert counts["status"] == {"stored": 2}


def test_invalid_lines_are_refused_and_the_others_are_ingested(deployed: Lab) -> None:
    good = {"id": "b-good", "urls": [deployed.origin.url("length/b-good")]}
    deployed.put_in_inbox("bulk/b-mixed.jsonl", json_lines({"fileUrl": 7}, good, ["no", "object"]))

    run = wait_for_run(deployed, "bulk/b-mixed.jsonl")

    summary = json.loads(run["output"])
    assert summary["counts"]["status"] == {"refused": 2, "stored": 1}
    assert {row["row"]: row["errors"][0]["message"].split(".")[0] for row in summary["refused"]} == {
        1: "must be a string, got a number",
        3: "must be an object, got a list",
    }
    failed = read_failed(deployed, run["name"])
    assert {item["intakeFailure"]["row"] for item in failed} == {1, 3}
    assert {"fileUrl": 7} in [BulkItem.read(item).content for item in failed]


def test_rows_that_share_an_id_are_each_ingested_and_counted(deployed: Lab) -> None:
    """Two batches at a time: a File with other images in each row, and every tenth row twice."""
    paths = [f"length/b-lot-{n - n % 10 if n % 10 == 1 else n}" for n in range(2 * BATCH_SIZE)]
    documents = [{"id": "b-lot", "urls": [deployed.origin.url(path)]} for path in paths]
    deployed.put_in_inbox("bulk/b-lot.jsonl", json_lines(*documents))

    run = wait_for_run(deployed, "bulk/b-lot.jsonl")

    summary = json.loads(run["output"])
    assert (run["status"], summary["counts"]["status"]) == ("SUCCEEDED", {"stored": 2 * BATCH_SIZE})
    assert (summary["counts"]["files"], summary["failedKey"]) == (2 * BATCH_SIZE, None)
    assert list(deployed.objects("receipts/b-lot")) == ["receipts/b-lot.json"]


def test_object_that_is_not_a_list_fails_with_a_message_that_names_the_formats(deployed: Lab) -> None:
    deployed.put_in_inbox("bulk/b-lot.xlsx", b"PK")

    run = wait_for_run(deployed, "bulk/b-lot.xlsx")

    assert (run["status"], run["error"]) == ("FAILED", "NotAList")
    assert run["cause"].startswith("bulk/b-lot.xlsx is not a list.")
    assert deployed.objects(f"runs/{run['name']}/") == []


def test_run_has_a_summary_and_failed_jsonl_when_every_batch_breaks(deployed: Lab) -> None:
    documents = [{"id": f"b-broken-{n}", "urls": [deployed.origin.url("length/b-broken")]} for n in range(3)]
    with broken_function(deployed, "BulkFunction"):
        deployed.put_in_inbox("bulk/b-broken.jsonl", json_lines(*documents))
        run = wait_for_run(deployed, "bulk/b-broken.jsonl")

    assert (run["status"], run["error"]) == ("FAILED", "States.ExceedToleratedFailureThreshold")
    summary = deployed.json(f"runs/{run['name']}/summary.json")
    assert summary["counts"]["status"] == {"broken": 3}
    assert not summary["complete"]
    assert summary["error"].startswith("States.ExceedToleratedFailureThreshold: ")
    assert [BulkItem.read(line).content for line in read_failed(deployed, run["name"])] == documents


def test_broken_batches_with_equal_lines_are_counted_separately(deployed: Lab) -> None:
    """The stored report of each broken batch names its execution."""
    documents = [{"urls": [deployed.origin.url("length/b-same")]}] * BATCH_SIZE
    with broken_function(deployed, "BulkFunction"):
        deployed.put_in_inbox("bulk/b-same.jsonl", json_lines(*documents, *documents))
        run = wait_for_run(deployed, "bulk/b-same.jsonl")

    [key] = [key for key in deployed.objects(f"runs/{run['name']}/map/") if key.endswith("FAILED_0.json")]
    names = {child["Name"] for child in deployed.json(key)}
    reports = [deployed.json(key) for key in deployed.objects(f"runs/{run['name']}/broken/")]
    assert len(names) == 2
    assert {report["batch"] for report in reports} == names
    assert deployed.json(f"runs/{run['name']}/summary.json")["counts"]["status"] == {"broken": 2 * BATCH_SIZE}


def test_run_starts_no_further_batch_once_too_many_have_broken(deployed: Lab) -> None:
    documents = [{"urls": [deployed.origin.url("length/b-many-broken")]}] * (6 * BATCH_SIZE)
    with broken_function(deployed, "BulkFunction"):
        deployed.put_in_inbox("bulk/b-given-up.jsonl", json_lines(*documents))
        run = wait_for_run(deployed, "bulk/b-given-up.jsonl")

    started = 2 * BATCH_SIZE  # as many as run at the same time
    assert deployed.json(f"runs/{run['name']}/summary.json")["counts"]["files"] == started
    [key] = [key for key in deployed.objects(f"runs/{run['name']}/map/") if key.endswith("PENDING_0.json")]
    pending = [line for child in deployed.json(key) for line in json.loads(child["Input"])["Items"]]
    assert len(pending) == len(documents) - started


@pytest.mark.parametrize(
    ("line", "error"), [(b"{no", "States.ItemReaderFailed"), (b'{"id": "%b"}' % (b"x" * 230_000), "States.DataLimit")]
)
def test_run_fails_with_a_summary_when_a_line_cannot_be_read(deployed: Lab, line: bytes, error: str) -> None:
    key = f"bulk/b-line-{len(line)}.jsonl"
    deployed.put_in_inbox(key, json_lines({"urls": [deployed.origin.url("length/b-line")]}) + line)

    run = wait_for_run(deployed, key)

    summary = deployed.json(f"runs/{run['name']}/summary.json")
    assert run["error"].startswith(error)
    assert (summary["complete"], summary["counts"]["files"]) == (False, 0)
    assert summary["error"].startswith(error)


def test_no_line_of_twenty_thousand_is_lost_or_twice_when_functions_are_killed(deployed: Lab) -> None:
    """One line in five is a File, whose URL is invalid; one in a hundred has an image that can be downloaded.

    Some images kill the function at their first request; one does it twice, which breaks its batch.
    """
    deployed.origin.responders["killer"] = kill_client
    kills = {n: f"killer/1-{n}" for n in (300, 15_000)} | {BROKEN: f"killer/2-{BROKEN}"}
    paths = {n: kills.get(n, "length/b-many") for n in range(0, MANY, 100)}
    urls = {n: deployed.origin.url(paths[n]) if n in paths else "no URL" for n in range(0, MANY, 5)}
    files = {n: {"id": f"b-many-{n}", "urls": [url], "note": {"lot": str(n)}} for n, url in urls.items()}
    documents = [files.get(n, {"number": n}) for n in range(MANY)]
    deployed.put_in_inbox("bulk/b-many.jsonl", json_lines(*documents))

    run = wait_for_run(deployed, "bulk/b-many.jsonl", seconds=240)

    sizes = [len(batch["Items"]) for batch in batches(deployed, run["name"], "SUCCEEDED", "FAILED")]
    assert (run["status"], sizes) == ("SUCCEEDED", [BATCH_SIZE] * (MANY // BATCH_SIZE))
    assert [deployed.origin.request_count(path) for path in kills.values()] == [2] * len(kills)
    expected = {n: "stored" if n in paths else "failed" if n in files else "refused" for n in range(MANY)}
    first = BROKEN // BATCH_SIZE * BATCH_SIZE
    expected |= dict.fromkeys(range(first, first + BATCH_SIZE), "broken")
    table = read_table(deployed, run["name"])
    assert len(table) == MANY
    assert {row["row"] - 1: row["status"] for row in table} == expected
    assert {row["row"] - 1: row["url"] for row in table if row["url"]} == urls
    assert {row["row"] - 1: row["note"]["lot"] for row in table if row["note"]} == {n: str(n) for n in files}
    summary = json.loads(run["output"])
    assert (summary["counts"]["files"], summary["counts"]["status"]) == (MANY, Counter(expected.values()))
    whole = {f"receipts/b-many-{n}.json" for n in files if expected[n] != "broken"}
    assert whole <= set(deployed.objects("receipts/b-many-"))
    lines = read_failed(deployed, run["name"])
    failed = {line["intakeFailure"]["row"] - 1: BulkItem.read(line).content for line in lines}
    assert failed == {n: documents[n] for n, status in expected.items() if status != "stored"}
    retryable = [json.loads(line) for line in deployed.read(summary["retryableKey"]).splitlines()]
    assert {line["intakeFailure"]["row"] - 1 for line in retryable} == set(range(first, first + BATCH_SIZE))
