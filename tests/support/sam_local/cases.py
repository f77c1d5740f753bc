"""Every function with an event as AWS sends it, and what must come of it.

A new door needs its event in tests/events, a row in docs/sam-local.md, and a case here.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from support.sam_local.lab import SITE, Ground

REPORT = {"counts": {"files": 1, "status": {"failed": 1}, "images": {"failed": 1}, "codes": {"timeout": 1}, "bytes": 0}}


def nothing(_: Ground) -> None:
    """Nothing has to be there before."""


@dataclass(frozen=True, slots=True)
class Case:
    """One invocation.

    Attributes:
        function: its logical name in the template.
        event: a file in tests/events.
        comes_out: looks at the answer and at the buckets.
        given: puts there what the event speaks of.
    """

    function: str
    event: str
    comes_out: Callable[[Ground, Any], None]
    given: Callable[[Ground], None] = nothing


def a_receipt_of_what_is_stored(ground: Ground, answer: Any) -> None:
    receipt = json.loads(answer["body"])
    keys = ground.stored("inspect.jpg", "golden.png", "golden.webp")
    assert (answer["statusCode"], receipt["status"]) == (200, "stored")
    assert receipt["objectKeys"] == keys
    assert ground.keys() == {*keys, "receipts/lot-7-cam-2.json"}
    assert ground.document("receipts/lot-7-cam-2.json")["objectKeys"] == keys


def a_receipt(ground: Ground) -> None:
    ground.put("images", "receipts/lot-7-cam-2.json", {"id": "lot-7-cam-2"})


def that_receipt(_: Ground, answer: Any) -> None:
    assert (answer["statusCode"], json.loads(answer["body"])) == (200, {"id": "lot-7-cam-2"})


def a_manifest(ground: Ground) -> None:
    """Its name has a space, which the event spells with a plus."""
    good = {"id": "8-good", "fileUrl": f"{SITE}/inspect.jpg", "baseUrls": [[f"{SITE}/golden.png"]]}
    partly = {"id": "8-partly", "urls": [f"{SITE}/half.jpg", f"{SITE}/earlier.gif"]}
    ground.put("inbox", "inbox/lot 8.jsonl", good, {"fileUrl": 8}, partly)


def receipts_and_a_problem(ground: Ground, answer: Any) -> None:
    keys = ground.stored("inspect.jpg", "golden.png", "earlier.gif")
    assert answer is None
    assert ground.keys() == {*keys, "receipts/8-good.json", "receipts/8-partly.json", "problems/lot 8.json"}
    assert ground.document("receipts/8-good.json")["objectKeys"] == keys[:2]
    assert ground.document("receipts/8-partly.json")["objectKeys"] == [None, keys[2]]
    problem = ground.document("problems/lot 8.json")
    assert problem["status"] == 422
    assert all(error["path"].startswith("line 2") for error in problem["errors"])


def counts_and_a_report(ground: Ground, answer: Any) -> None:
    keys = ground.stored("inspect.jpg", "golden.avif", "earlier.gif", "earlier.tiff")
    receipts = {f"receipts/batch-{name}.json" for name in ("file", "list", "row")}
    (report,) = ground.keys() - {*keys} - receipts
    assert report.startswith("runs/run-9/batches/")
    assert answer["status"] == {"stored": 2, "partial": 1, "refused": 1}
    assert (answer["files"], answer["codes"]) == (4, {"not_found": 1})
    assert answer["images"] == {"stored": 4, "failed": 1}
    assert ground.document(report)["counts"] == answer
    assert [item["id"] for item in ground.document(report)["failed"]] == ["batch-nothing", "batch-list"]


def a_report(ground: Ground) -> None:
    ground.put("images", "runs/run-9/batches/0.json", REPORT | {"failed": [{"id": "late", "urls": [f"{SITE}/late"]}]})


def a_summary_and_what_failed(ground: Ground, answer: Any) -> None:
    assert (answer["batches"], answer["counts"]) == (1, REPORT["counts"])
    assert ground.document("runs/run-9/summary.json") == answer
    assert ground.document(answer["failedKey"]) == {"id": "late", "urls": [f"{SITE}/late"]}


CASES = (
    Case("HttpFunction", "http-post-file.json", a_receipt_of_what_is_stored),
    Case("HttpFunction", "http-get-file.json", that_receipt, given=a_receipt),
    Case("S3Function", "s3-manifest.json", receipts_and_a_problem, given=a_manifest),
    Case("BulkFunction", "bulk-batch.json", counts_and_a_report),
    Case("SummaryFunction", "bulk-summary.json", a_summary_and_what_failed, given=a_report),
)
