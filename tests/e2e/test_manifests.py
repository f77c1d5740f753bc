"""Manifests, end to end: a manifest in the inbox, S3's event, the deployed function with its role, and receipts.

The origin counts the requests for each image.
"""

import json
import time
from typing import Any

from support.deployed_lab import Lab, json_lines, wait_for
from support.origin import BEHAVIOURS


def wait_for_receipts(lab: Lab, prefix: str, count: int) -> list[str]:
    """Wait until so many receipts are stored, and return their keys."""

    def poll() -> list[str]:
        keys = lab.objects(f"receipts/{prefix}")
        return keys if len(keys) >= count else []

    return wait_for(poll)


def receive_failures(lab: Lab) -> list[dict[str, Any]]:
    """Receive and delete the messages in the failure queue."""
    queue = lab.stack.aws.client("sqs")
    messages = queue.receive_message(QueueUrl=lab.stack.failures, MaxNumberOfMessages=10).get("Messages", [])
    for message in messages:
        queue.delete_message(QueueUrl=lab.stack.failures, ReceiptHandle=message["ReceiptHandle"])
    return [json.loads(message["Body"]) for message in messages]


def test_manifest_of_one_file_results_in_a_receipt(deployed: Lab) -> None:
    url = deployed.origin.url("length/m-one")
    deployed.put_in_inbox("inbox/any name+you like.json", json.dumps({"id": "m-one", "urls": [url]}).encode())

    assert wait_for_receipts(deployed, "m-one", 1) == ["receipts/m-one.json"]
    receipt = deployed.json("receipts/m-one.json")
    assert (receipt["status"], receipt["counts"]["failed"]) == ("stored", 0)
    assert deployed.objects(receipt["objectKeys"][0]) == receipt["objectKeys"]
    assert deployed.origin.request_count("length/m-one") == 1


def test_manifest_of_many_files_results_in_a_receipt_for_each(deployed: Lab) -> None:
    documents = [{"id": f"m-many-{n}", "urls": [deployed.origin.url(f"length/m-many-{n}")]} for n in range(40)]
    deployed.put_in_inbox("inbox/lots/m-many.jsonl", json_lines(*documents))

    assert set(wait_for_receipts(deployed, "m-many-", 40)) == {f"receipts/m-many-{n}.json" for n in range(40)}
    assert {deployed.origin.request_count(f"length/m-many-{n}") for n in range(40)} == {1}


def test_plain_list_of_urls_results_in_a_receipt_for_each(deployed: Lab) -> None:
    urls = [deployed.origin.url(f"length/m-plain-{n}") for n in range(3)]
    deployed.put_in_inbox("inbox/m-plain.txt", "\r\n".join(["\ufeff# boards", *urls, "{}"]).encode())

    wait_for(lambda: all(deployed.origin.request_count(f"length/m-plain-{n}") for n in range(3)))
    wait_for(lambda: deployed.objects("problems/m-plain"))
    [error] = deployed.json("problems/m-plain.json")["errors"]
    assert (error["path"], error["message"].startswith("is JSON, not a URL")) == ("line 5", True)


def test_files_that_share_an_id_are_ingested_once_and_not_retried(deployed: Lab) -> None:
    """A retry would request every image again, because one receipt is of one File. It would come within a second."""
    documents = [{"id": "m-lot", "urls": [deployed.origin.url(f"length/m-lot-{n}")]} for n in range(50)]
    deployed.put_in_inbox("inbox/m-lot.jsonl", json_lines(*documents))

    wait_for(lambda: all(deployed.origin.request_count(f"length/m-lot-{n}") for n in range(50)))
    assert wait_for_receipts(deployed, "m-lot", 1) == ["receipts/m-lot.json"]
    time.sleep(3)
    assert receive_failures(deployed) == []
    assert {deployed.origin.request_count(f"length/m-lot-{n}") for n in range(50)} == {1}


def test_invalid_lines_are_named_in_a_problem_and_the_other_files_are_ingested(deployed: Lab) -> None:
    good = {"id": "m-good", "urls": [deployed.origin.url("length/m-good")]}
    deployed.put_in_inbox("inbox/m-mixed.jsonl", json_lines(good, {"fileUrl": 7}) + b"{not json\n")

    assert wait_for_receipts(deployed, "m-good", 1)
    problem = deployed.json("problems/m-mixed.json")
    assert (problem["status"], problem["title"]) == (422, "Unprocessable Content")
    places = {error["path"].partition(":")[0] for error in problem["errors"]}
    assert places == {"line 2", "line 3"}


def test_invalid_manifest_results_in_a_problem_and_is_not_retried(deployed: Lab) -> None:
    deployed.put_in_inbox("inbox/m-none.json", b'{"baseUrls": []}')

    wait_for(lambda: deployed.objects("problems/m-none"))
    assert deployed.json("problems/m-none.json")["status"] == 422
    assert deployed.objects("receipts/m-none") == []
    assert receive_failures(deployed) == []


def test_image_with_a_permanent_failure_is_requested_once(deployed: Lab) -> None:
    url = deployed.origin.url("status_404/m-gone")
    deployed.put_in_inbox("inbox/m-gone.json", json.dumps({"id": "m-gone", "urls": [url]}).encode())

    wait_for_receipts(deployed, "m-gone", 1)
    assert deployed.json("receipts/m-gone.json")["images"][0]["error"]["code"] == "not_found"
    assert receive_failures(deployed) == []
    assert deployed.origin.request_count("status_404/m-gone") == 1


def test_event_with_a_transient_failure_is_tried_three_times_and_can_be_redriven_from_the_queue(deployed: Lab) -> None:
    """The valid image of the same File is requested once: each retry reuses the receipt."""
    # Not 503: after it, no function would ask this origin again for a while.
    deployed.origin.responders["m-not-ready"] = BEHAVIOURS["status_202_retry_after_3600"].respond
    later = "m-not-ready/1"
    urls = [deployed.origin.url("length/m-valid"), deployed.origin.url(later)]
    deployed.put_in_inbox("inbox/m-later.json", json.dumps({"id": "m-later", "urls": urls}).encode())

    [failure] = wait_for(lambda: receive_failures(deployed))
    assert failure["requestContext"]["condition"] == "RetriesExhausted"
    assert failure["requestPayload"]["Records"][0]["s3"]["object"]["key"] == "inbox/m-later.json"
    assert (deployed.origin.request_count(later), deployed.origin.request_count("length/m-valid")) == (3, 1)
    assert deployed.json("receipts/m-later.json")["status"] == "partial"

    deployed.origin.responders["m-not-ready"] = BEHAVIOURS["length"].respond
    result = deployed.invoke("S3Function", json.dumps(failure["requestPayload"]).encode())

    assert "FunctionError" not in result
    assert deployed.json("receipts/m-later.json")["status"] == "stored"
    assert deployed.origin.request_count("length/m-valid") == 1


def test_duplicate_event_changes_nothing(deployed: Lab) -> None:
    body = json.dumps({"id": "m-twice", "urls": [deployed.origin.url("length/m-twice")]}).encode()
    deployed.put_in_inbox("inbox/m-twice.json", body)
    wait_for_receipts(deployed, "m-twice", 1)
    before = deployed.objects()
    event = {
        "eventTime": "2020-01-01T00:00:00.000Z",
        "s3": {"bucket": {"name": deployed.stack.inbox}, "object": {"key": "inbox/m-twice.json"}},
    }

    result = deployed.invoke("S3Function", json.dumps({"Records": [event, event]}).encode())

    assert "FunctionError" not in result
    assert deployed.objects() == before
    assert deployed.origin.request_count("length/m-twice") == 1


def test_object_with_another_prefix_or_suffix_is_ignored(deployed: Lab) -> None:
    file = json.dumps({"id": "m-stray", "urls": [deployed.origin.url("length/m-stray")]}).encode()
    for key in ("m-stray.json", "inbox/m-stray.csv", "outbox/m-stray.json"):
        deployed.put_in_inbox(key, file)
    deployed.put_in_inbox(
        "inbox/m-after.json", json.dumps({"id": "m-after", "urls": ["https://never.example/"]}).encode()
    )

    wait_for_receipts(deployed, "m-after", 1)
    assert deployed.objects("receipts/m-stray") == []
    assert deployed.origin.request_count("length/m-stray") == 0
