"""An event for every function, and the expected result.

A new function needs an event in tests/events, a row in docs/sam-local.md, and a case here.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from support.sam_local.lab import SITE, SamLocalLab

REPORT = {"counts": {"files": 1, "status": {"failed": 1}, "images": {"failed": 1}, "codes": {"timeout": 1}, "bytes": 0}}


def prepare_nothing(_: SamLocalLab) -> None:
    """The event needs no objects."""


@dataclass(frozen=True, slots=True)
class Case:
    """One invocation.

    Attributes:
        function: the logical name of the function.
        event: a file in tests/events.
        check: checks the result and the buckets.
        prepare: stores the objects that the event refers to.
    """

    function: str
    event: str
    check: Callable[[SamLocalLab, Any], None]
    prepare: Callable[[SamLocalLab], None] = prepare_nothing


def check_posted_file(lab: SamLocalLab, result: Any) -> None:
    receipt = json.loads(result["body"])
    keys = lab.stored("inspect.jpg", "golden.png", "golden.webp")
    assert (result["statusCode"], receipt["status"]) == (200, "stored")
    assert receipt["objectKeys"] == keys
    assert lab.keys() == {*keys, "receipts/lot-7-cam-2.json"}
    assert lab.document("receipts/lot-7-cam-2.json")["objectKeys"] == keys


def store_receipt(lab: SamLocalLab) -> None:
    lab.put("images", "receipts/lot-7-cam-2.json", {"id": "lot-7-cam-2"})


def check_returned_receipt(_: SamLocalLab, result: Any) -> None:
    assert (result["statusCode"], json.loads(result["body"])) == (200, {"id": "lot-7-cam-2"})


def store_manifest(lab: SamLocalLab) -> None:
    """Store a manifest whose key has a space, which is a plus in the event."""
    good = {"id": "8-good", "fileUrl": f"{SITE}/inspect.jpg", "baseUrls": [[f"{SITE}/golden.png"]]}
    partly = {"id": "8-partly", "urls": [f"{SITE}/half.jpg", f"{SITE}/earlier.gif"]}
    lab.put("inbox", "inbox/lot 8.jsonl", good, {"fileUrl": 8}, partly)


def check_manifest(lab: SamLocalLab, result: Any) -> None:
    keys = lab.stored("inspect.jpg", "golden.png", "earlier.gif")
    assert result is None
    assert lab.keys() == {*keys, "receipts/8-good.json", "receipts/8-partly.json", "problems/lot 8.json"}
    assert lab.document("receipts/8-good.json")["objectKeys"] == keys[:2]
    assert lab.document("receipts/8-partly.json")["objectKeys"] == [None, keys[2]]
    problem = lab.document("problems/lot 8.json")
    assert problem["status"] == 422
    assert all(error["path"].startswith("line 2") for error in problem["errors"])


def check_batch(lab: SamLocalLab, result: Any) -> None:
    keys = lab.stored("inspect.jpg", "golden.avif", "earlier.gif", "earlier.tiff")
    receipts = {f"receipts/batch-{name}.json" for name in ("file", "list", "row")}
    table, report = sorted(lab.keys() - {*keys} - receipts, reverse=True)
    name = report.removeprefix("runs/run-9/batches/").removesuffix(".json")
    assert table == f"runs/run-9/images/{name}.jsonl.gz"
    assert result["status"] == {"stored": 2, "partial": 1, "refused": 1}
    assert (result["files"], result["codes"]) == (4, {"not_found": 1})
    assert result["images"] == {"stored": 4, "failed": 1}
    assert lab.document(report)["counts"] == result
    assert [item["id"] for item in lab.document(report)["failed"]] == ["batch-nothing", "batch-list"]


def store_report(lab: SamLocalLab) -> None:
    lab.put("images", "runs/run-9/batches/0.json", REPORT | {"failed": [{"id": "late", "urls": [f"{SITE}/late"]}]})


def check_summary(lab: SamLocalLab, result: Any) -> None:
    assert (result["batches"], result["counts"]) == (1, REPORT["counts"])
    assert lab.document("runs/run-9/summary.json") == result
    assert lab.document(result["failedKey"]) == {"id": "late", "urls": [f"{SITE}/late"]}


def check_invoked_file(lab: SamLocalLab, result: Any) -> None:
    keys = lab.stored("inspect.jpg", "golden.png")
    assert (result["status"], result["objectKeys"]) == ("partial", [*keys, None])
    assert lab.keys() == {*keys, "receipts/invoked.json"}


def check_messages(lab: SamLocalLab, result: Any) -> None:
    """The last message is no File, so it alone comes again."""
    keys = lab.stored("golden.webp", "earlier.gif")
    [failure] = result["batchItemFailures"]
    problem = f"problems/{failure['itemIdentifier']}.json"
    assert lab.keys() == {*keys, "receipts/message-stored.json", "receipts/message-partly.json", problem}
    assert lab.document(problem)["status"] == 422


CASES = (
    Case("HttpFunction", "http-post-file.json", check_posted_file),
    Case("HttpFunction", "http-get-file.json", check_returned_receipt, prepare=store_receipt),
    Case("S3Function", "s3-manifest.json", check_manifest, prepare=store_manifest),
    Case("BulkFunction", "bulk-batch.json", check_batch),
    Case("SummaryFunction", "bulk-summary.json", check_summary, prepare=store_report),
    Case("InvokeFunction", "invoke-file.json", check_invoked_file),
    Case("QueueFunction", "queue-messages.json", check_messages),
)
