"""The S3 door, the whole way: a manifest into the inbox, S3's own event, the function with its role, receipts out.

Counts of what was delivered are those of the origin: how often it was asked for each image.
"""

import json
from typing import Any

from support.deployed_lab import Lab, json_lines, wait_for
from support.origin import BEHAVIOURS


def receipts(lab: Lab, name: str, number: int) -> list[str]:
    """The keys of the receipts of one test, once there are so many."""

    def found() -> list[str]:
        keys = lab.objects(f"receipts/{name}")
        return keys if len(keys) >= number else []

    return wait_for(found)


def failures(lab: Lab) -> list[dict[str, Any]]:
    """What is in the queue of failures; it is taken out."""
    queue = lab.stack.aws.client("sqs")
    answer = queue.receive_message(QueueUrl=lab.stack.failures, MaxNumberOfMessages=10)
    for message in answer.get("Messages", []):
        queue.delete_message(QueueUrl=lab.stack.failures, ReceiptHandle=message["ReceiptHandle"])
    return [json.loads(message["Body"]) for message in answer.get("Messages", [])]


def test_a_manifest_of_one_file_becomes_a_receipt(deployed: Lab) -> None:
    url = deployed.origin.url("length/m-one")
    deployed.put_in_inbox("inbox/any name+you like.json", json.dumps({"id": "m-one", "urls": [url]}).encode())

    assert receipts(deployed, "m-one", 1) == ["receipts/m-one.json"]
    receipt = deployed.json("receipts/m-one.json")
    assert (receipt["status"], receipt["counts"]["failed"]) == ("stored", 0)
    assert deployed.objects(receipt["objectKeys"][0]) == receipt["objectKeys"]
    assert deployed.origin.request_count("length/m-one") == 1


def test_a_manifest_of_many_files_becomes_a_receipt_for_each(deployed: Lab) -> None:
    documents = [{"id": f"m-many-{n}", "urls": [deployed.origin.url(f"length/m-many-{n}")]} for n in range(40)]
    deployed.put_in_inbox("inbox/lots/m-many.jsonl", json_lines(*documents))

    assert set(receipts(deployed, "m-many-", 40)) == {f"receipts/m-many-{n}.json" for n in range(40)}
    assert {deployed.origin.request_count(f"length/m-many-{n}") for n in range(40)} == {1}


def test_what_is_no_file_is_told_in_a_problem_document_and_the_others_go_on(deployed: Lab) -> None:
    good = {"id": "m-good", "urls": [deployed.origin.url("length/m-good")]}
    deployed.put_in_inbox("inbox/m-mixed.jsonl", json_lines(good, {"fileUrl": 7}) + b"{not json\n")

    assert receipts(deployed, "m-good", 1)
    problem = deployed.json("problems/m-mixed.json")
    assert (problem["status"], problem["title"]) == (422, "Unprocessable Content")
    places = {error["path"].partition(":")[0] for error in problem["errors"]}
    assert places == {"line 2", "line 3"}


def test_a_manifest_that_is_no_file_at_all_is_a_problem_and_is_not_tried_again(deployed: Lab) -> None:
    deployed.put_in_inbox("inbox/m-none.json", b'{"baseUrls": []}')

    wait_for(lambda: deployed.objects("problems/m-none"))
    assert deployed.json("problems/m-none.json")["status"] == 422
    assert deployed.objects("receipts/m-none") == []
    assert failures(deployed) == []


def test_images_that_fail_for_good_are_asked_for_once(deployed: Lab) -> None:
    url = deployed.origin.url("status_404/m-gone")
    deployed.put_in_inbox("inbox/m-gone.json", json.dumps({"id": "m-gone", "urls": [url]}).encode())

    receipts(deployed, "m-gone", 1)
    assert deployed.json("receipts/m-gone.json")["images"][0]["error"]["code"] == "not_found"
    assert failures(deployed) == []
    assert deployed.origin.request_count("status_404/m-gone") == 1


def test_what_may_succeed_later_is_tried_three_times_and_ends_in_the_queue_from_which_it_can_be_redriven(
    deployed: Lab,
) -> None:
    """The good image of the same File is asked for once: each retry takes up from the receipt."""
    later = "status_503_retry_after_3600/m-later"
    urls = [deployed.origin.url("length/m-settled"), deployed.origin.url(later)]
    deployed.put_in_inbox("inbox/m-later.json", json.dumps({"id": "m-later", "urls": urls}).encode())

    [failure] = wait_for(lambda: failures(deployed))
    assert failure["requestContext"]["condition"] == "RetriesExhausted"
    assert failure["requestPayload"]["Records"][0]["s3"]["object"]["key"] == "inbox/m-later.json"
    assert (deployed.origin.request_count(later), deployed.origin.request_count("length/m-settled")) == (3, 1)
    assert deployed.json("receipts/m-later.json")["status"] == "partial"

    deployed.origin.responders[later.split("/", maxsplit=1)[0]] = BEHAVIOURS["length"].respond
    [function] = [name for name in deployed.stack.functions if "S3Function" in name]
    event = json.dumps(failure["requestPayload"]).encode()
    answer = deployed.stack.aws.client("lambda").invoke(FunctionName=function, Payload=event)

    assert "FunctionError" not in answer
    assert deployed.json("receipts/m-later.json")["status"] == "stored"
    assert deployed.origin.request_count("length/m-settled") == 1


def test_the_same_event_again_changes_nothing(deployed: Lab) -> None:
    body = json.dumps({"id": "m-twice", "urls": [deployed.origin.url("length/m-twice")]}).encode()
    deployed.put_in_inbox("inbox/m-twice.json", body)
    receipts(deployed, "m-twice", 1)
    before = deployed.objects()
    event = {
        "eventTime": "2020-01-01T00:00:00.000Z",
        "s3": {"bucket": {"name": deployed.stack.inbox}, "object": {"key": "inbox/m-twice.json"}},
    }
    [function] = [name for name in deployed.stack.functions if "S3Function" in name]
    records = json.dumps({"Records": [event, event]}).encode()

    answer = deployed.stack.aws.client("lambda").invoke(FunctionName=function, Payload=records)

    assert "FunctionError" not in answer
    assert deployed.objects() == before
    assert deployed.origin.request_count("length/m-twice") == 1


def test_what_is_put_elsewhere_starts_nothing(deployed: Lab) -> None:
    file = json.dumps({"id": "m-stray", "urls": [deployed.origin.url("length/m-stray")]}).encode()
    for key in ("m-stray.json", "inbox/m-stray.txt", "outbox/m-stray.json"):
        deployed.put_in_inbox(key, file)
    deployed.put_in_inbox(
        "inbox/m-after.json", json.dumps({"id": "m-after", "urls": ["https://never.example/"]}).encode()
    )

    receipts(deployed, "m-after", 1)
    assert deployed.objects("receipts/m-stray") == []
    assert deployed.origin.request_count("length/m-stray") == 0
