"""The bulk door, the whole way: a list into the inbox, EventBridge, the state machine, the functions with their roles.

MiniStack 1.5.33 passes over ItemBatcher and ResultWriter in silence; infra/local/distributed_map.py puts them in. So
what is proved of them here is that our definition and our code fit AWS's documentation as it is written there, and of
all the rest that it happens: each test counts what the functions got and what the bucket holds.
"""

import csv
import json
import time
from io import StringIO
from typing import Any

import pytest

from support.deployed_lab import BATCH_SIZE, Lab, broken_function, json_lines, wait_for
from support.origin import BEHAVIOURS

MANY = 20_000


def ended(lab: Lab, key: str, seconds: float = 60.0) -> dict[str, Any]:
    """The execution that a list has started, once it is over."""
    states = lab.stack.aws.client("stepfunctions")

    def found() -> dict[str, Any] | None:
        for execution in states.list_executions(stateMachineArn=lab.stack.machine)["executions"]:
            described: dict[str, Any] = states.describe_execution(executionArn=execution["executionArn"])
            if json.loads(described["input"])["detail"]["object"]["key"] == key and described["status"] != "RUNNING":
                return described
        return None

    return wait_for(found, seconds)


def batches(lab: Lab, run: str) -> list[dict[str, Any]]:
    """The inputs of the batches, as ResultWriter wrote them down."""
    [key] = [key for key in lab.objects(f"runs/{run}/map/") if key.endswith("SUCCEEDED_0.json")]
    return [json.loads(child["Input"]) for child in lab.json(key)]


def table(*rows: dict[str, str]) -> bytes:
    text = StringIO()
    writer = csv.DictWriter(text, rows[0])
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def test_a_csv_list_goes_through_in_batches_and_what_failed_can_be_dropped_in_again(deployed: Lab) -> None:
    bad = {7, 300, 599}
    paths = [f"{'not_yet' if n in bad else 'length'}/b-csv-{n}" for n in range(600)]
    deployed.origin.responders["not_yet"] = BEHAVIOURS["status_404"].respond
    rows = [{"id": f"b-csv-{n}", "url": deployed.origin.url(path)} for n, path in enumerate(paths)]
    deployed.put_in_inbox("bulk/b-lot.csv", table(*rows))

    run = ended(deployed, "bulk/b-lot.csv")

    assert run["status"] == "SUCCEEDED"
    assert [len(batch["Items"]) for batch in batches(deployed, run["name"])] == [BATCH_SIZE, BATCH_SIZE, 100]
    assert len(deployed.objects(f"runs/{run['name']}/batches/")) == 3
    assert set(deployed.objects("receipts/b-csv-")) == {f"receipts/b-csv-{n}.json" for n in range(600)}
    assert {deployed.origin.request_count(path) for path in paths} == {1}
    summary = deployed.json(f"runs/{run['name']}/summary.json")
    assert summary == json.loads(run["output"])
    assert (summary["counts"]["files"], summary["batches"]) == (600, 3)
    assert summary["counts"]["status"] == {"stored": 597, "failed": 3}
    assert summary["counts"]["codes"] == {"not_found": 3}
    failed = deployed.read(f"runs/{run['name']}/failed.jsonl")
    assert {json.loads(line)["id"] for line in failed.splitlines()} == {f"b-csv-{n}" for n in bad}

    deployed.origin.responders["not_yet"] = BEHAVIOURS["length"].respond
    time.sleep(1.1)  # receipts are dated to the second: those of this one would pass for those of the next run
    deployed.put_in_inbox("bulk/b-failed.jsonl", failed)
    again = json.loads(ended(deployed, "bulk/b-failed.jsonl")["output"])

    assert (again["counts"]["status"], again["failedKey"]) == ({"stored": 3}, None)


def test_rows_of_files_with_base_images_and_lines_of_files_are_the_same(deployed: Lab) -> None:
    names = [deployed.origin.url(f"length/b-same-{n}") for n in range(3)]
    row = {"id": "b-row", "fileUrl": names[0], "baseUrls": f"{names[1]} {names[2]}"}
    line = {"id": "b-line", "fileUrl": names[0], "baseUrls": [{"url": names[1]}, [names[2]]]}
    deployed.put_in_inbox("bulk/b-rows.csv", table(row))
    deployed.put_in_inbox("bulk/b-lines.jsonl", json_lines(line))

    assert [ended(deployed, f"bulk/{name}")["status"] for name in ("b-rows.csv", "b-lines.jsonl")] == ["SUCCEEDED"] * 2
    of_row, of_line = (deployed.json(f"receipts/{name}.json") for name in ("b-row", "b-line"))
    assert of_row["digest"] == of_line["digest"]
    assert of_row["objectKeys"] == of_line["objectKeys"]


def test_a_line_that_is_no_file_breaks_nothing(deployed: Lab) -> None:
    good = {"id": "b-good", "urls": [deployed.origin.url("length/b-good")]}
    deployed.put_in_inbox("bulk/b-mixed.jsonl", json_lines({"fileUrl": 7}, good, ["no", "object"]))

    counts = json.loads(ended(deployed, "bulk/b-mixed.jsonl")["output"])["counts"]

    assert counts["status"] == {"refused": 2, "stored": 1}


def test_an_object_that_is_no_list_fails_with_words_that_help(deployed: Lab) -> None:
    deployed.put_in_inbox("bulk/b-lot.xlsx", b"PK")

    run = ended(deployed, "bulk/b-lot.xlsx")

    assert (run["status"], run["error"]) == ("FAILED", "NotAList")
    assert run["cause"].startswith("bulk/b-lot.xlsx is not a list.")
    assert deployed.objects(f"runs/{run['name']}/") == []


def test_a_run_that_breaks_still_has_a_summary_and_loses_nothing(deployed: Lab) -> None:
    """The batch's function raises at every attempt: it cannot reach its bucket."""
    documents = [{"id": f"b-broken-{n}", "urls": [deployed.origin.url("length/b-broken")]} for n in range(3)]
    with broken_function(deployed, "BulkFunction"):
        deployed.put_in_inbox("bulk/b-broken.jsonl", json_lines(*documents))
        run = ended(deployed, "bulk/b-broken.jsonl")

    assert (run["status"], run["error"]) == ("FAILED", "States.ExceedToleratedFailureThreshold")
    summary = deployed.json(f"runs/{run['name']}/summary.json")
    assert summary["counts"]["status"] == {"broken": 3}
    assert not summary["complete"]
    assert summary["error"].startswith("States.ExceedToleratedFailureThreshold: ")
    failed = deployed.read(f"runs/{run['name']}/failed.jsonl").splitlines()
    assert [json.loads(line) for line in failed] == documents


def test_batches_are_told_apart_by_the_names_of_their_executions(deployed: Lab) -> None:
    """Two of the same lines, both broken: what is kept of each names the execution that the map writes down."""
    documents = [{"urls": [deployed.origin.url("length/b-same")]}] * BATCH_SIZE
    with broken_function(deployed, "BulkFunction"):
        deployed.put_in_inbox("bulk/b-same.jsonl", json_lines(*documents, *documents))
        run = ended(deployed, "bulk/b-same.jsonl")

    [key] = [key for key in deployed.objects(f"runs/{run['name']}/map/") if key.endswith("FAILED_0.json")]
    named = {child["Name"] for child in deployed.json(key)}
    kept = [deployed.json(key) for key in deployed.objects(f"runs/{run['name']}/broken/")]
    assert len(named) == 2
    assert {report["batch"] for report in kept} == named
    assert deployed.json(f"runs/{run['name']}/summary.json")["counts"]["status"] == {"broken": 2 * BATCH_SIZE}


def test_a_run_that_is_given_up_begins_no_further_batch(deployed: Lab) -> None:
    documents = [{"urls": [deployed.origin.url("length/b-many-broken")]}] * (6 * BATCH_SIZE)
    with broken_function(deployed, "BulkFunction"):
        deployed.put_in_inbox("bulk/b-given-up.jsonl", json_lines(*documents))
        run = ended(deployed, "bulk/b-given-up.jsonl")

    begun = 2 * BATCH_SIZE  # as many as run at once
    assert deployed.json(f"runs/{run['name']}/summary.json")["counts"]["files"] == begun
    [key] = [key for key in deployed.objects(f"runs/{run['name']}/map/") if key.endswith("PENDING_0.json")]
    left = [line for child in deployed.json(key) for line in json.loads(child["Input"])["Items"]]
    assert len(left) == len(documents) - begun


@pytest.mark.parametrize(
    ("line", "error"), [(b"{no", "States.ItemReaderFailed"), (b'{"id": "%b"}' % (b"x" * 230_000), "States.DataLimit")]
)
def test_a_line_that_no_run_can_go_through_ends_it_with_a_summary(deployed: Lab, line: bytes, error: str) -> None:
    key = f"bulk/b-line-{len(line)}.jsonl"
    deployed.put_in_inbox(key, json_lines({"urls": [deployed.origin.url("length/b-line")]}) + line)

    run = ended(deployed, key)

    summary = deployed.json(f"runs/{run['name']}/summary.json")
    assert run["error"].startswith(error)
    assert (summary["complete"], summary["counts"]["files"]) == (False, 0)
    assert summary["error"].startswith(error)


def test_twenty_thousand_lines_go_through_without_loss(deployed: Lab) -> None:
    """One in five is a File, whose URL is refused without a request; one in a hundred has an image to be fetched."""
    url = deployed.origin.url("length/b-many")
    files = {n: {"id": f"b-many-{n}", "urls": [url if n % 100 == 0 else "no URL"]} for n in range(0, MANY, 5)}
    documents = [files.get(n, {"number": n}) for n in range(MANY)]
    deployed.put_in_inbox("bulk/b-many.jsonl", json_lines(*documents))

    run = ended(deployed, "bulk/b-many.jsonl", seconds=240)

    sizes = [len(batch["Items"]) for batch in batches(deployed, run["name"])]
    assert (run["status"], sizes) == ("SUCCEEDED", [BATCH_SIZE] * (MANY // BATCH_SIZE))
    counts = json.loads(run["output"])["counts"]
    assert counts["files"] == MANY
    assert counts["status"] == {"refused": MANY - len(files), "stored": MANY // 100, "failed": len(files) - MANY // 100}
    assert set(deployed.objects("receipts/b-many-")) == {f"receipts/b-many-{n}.json" for n in files}
    failed = {line.decode() for line in deployed.read(f"runs/{run['name']}/failed.jsonl").splitlines()}
    stored = {json.dumps(files[n], separators=(",", ":")) for n in range(0, MANY, 100)}
    assert failed == {json.dumps(document, separators=(",", ":")) for document in documents} - stored
