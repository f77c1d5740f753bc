"""The invoke entry point, end to end: by the API of Lambda, with and without waiting."""

import json
from typing import Any

from support.deployed_lab import Lab, wait_for
from support.file_queue import receive_all

SECRET = "?X-Amz-Signature=secret"


def invoke(lab: Lab, event: object) -> tuple[str | None, dict[str, Any]]:
    """Return the kind of error, or None, and the payload."""
    result = lab.invoke("InvokeFunction", json.dumps(event).encode())
    return result.get("FunctionError"), json.loads(result["Payload"].read())


def test_response_is_the_receipt_that_is_stored(deployed: Lab) -> None:
    urls = [deployed.url("golden.png") + SECRET, deployed.url("half.jpg")]
    error, receipt = invoke(deployed, {"id": "i-whole", "fileUrl": urls[0], "baseUrls": [[urls[1]]], "note": {"of": 7}})

    assert error is None
    assert (receipt["status"], receipt["images"][0]["url"], receipt["note"]) == ("partial", urls[0], {"of": 7})
    assert [image.get("error", {}).get("code") for image in receipt["images"]] == [None, "invalid_image"]
    assert deployed.read(receipt["objectKeys"][0]) == deployed.pictures["golden.png"]
    stored = deployed.json("receipts/i-whole.json")
    assert stored["objectKeys"] == receipt["objectKeys"]
    assert SECRET not in json.dumps(stored)


def test_invalid_file_is_a_function_error_with_every_fault(deployed: Lab) -> None:
    error, payload = invoke(deployed, {"fileUrl": 7, "baseUrls": [{"url": ["x"]}, "x"], "id": f"a {SECRET}"})

    assert (error, payload["errorType"]) == ("Unhandled", "InvalidFile")
    paths = [fault.partition(":")[0] for fault in payload["errorMessage"].split("; ")]
    assert set(paths) == {"fileUrl", "baseUrls[0].url", "baseUrls[1]", "id"}
    assert "secret" not in json.dumps(payload)


def test_receipt_comes_without_a_waiting_caller_and_an_invalid_file_goes_to_the_failure_queue(deployed: Lab) -> None:
    name, client = deployed.function("InvokeFunction"), deployed.stack.aws.client("lambda")
    for event in ({"id": "i-later", "urls": [deployed.url("golden.png")]}, {"id": "i-never", "urls": 7}):
        client.invoke(FunctionName=name, InvocationType="Event", Payload=json.dumps(event).encode())

    wait_for(lambda: deployed.objects("receipts/i-later"))
    [failure] = wait_for(lambda: receive_all(deployed, deployed.stack.failures))
    failed = json.loads(failure["Body"])
    assert (failed["requestPayload"]["id"], failed["responsePayload"]["errorType"]) == ("i-never", "InvalidFile")
    assert deployed.objects("receipts/i-never") == []
