"""The invoke handler on fakes: a File is the event, and the answer or the error is what the caller gets."""

import json
from collections.abc import Iterator

import pytest
from infra.build.template_file import ROOT

from intake.handlers.http import handler as http_handler
from intake.handlers.invoke import handler
from intake.model.error_codes import ConnectFailed, StoreFailed
from intake.model.file import InvalidFile
from intake.model.limits import Limits
from support.fake_ports import Delayed
from support.handler_fakes import HandlerFakes, install_fakes
from support.lambda_context import Context
from support.lambda_events import s3_record, sqs_event
from support.sample_images import picture

URL = "https://a.example/1?X-Amz-Signature=secret"
LATE = "https://a.example/late"
FILE = {"id": "lot-7", "fileUrl": URL, "baseUrls": [{"url": LATE}, ["https://a.example/gone"]], "note": {"lot": 7}}


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch) -> Iterator[HandlerFakes]:
    with install_fakes(monkeypatch, limits=Limits(deadline_margin=0.1)) as installed:
        installed.downloader.results = {URL: picture(4, 3, 1), LATE: ConnectFailed()}
        yield installed


def refusal(event: object) -> str:
    with pytest.raises(InvalidFile) as caught:
        handler(event, Context(300.0))
    return str(caught.value)


def test_handler_returns_the_receipt_of_http(fakes: HandlerFakes) -> None:
    """A failed image is a part of the receipt; the URL has its query, and the stored receipt has none."""
    receipt = handler(FILE, Context(300.0))
    assert [image.get("error", {}).get("code") for image in receipt["images"]] == [None, "connect_failed", "not_found"]
    assert (receipt["status"], receipt["images"][0]["url"], receipt["note"]) == ("partial", URL, {"lot": 7})
    assert b"secret" not in fakes.store.objects["receipts/lot-7.json"]

    event = {"httpMethod": "POST", "path": "/files", "headers": {}, "requestContext": {}, "body": json.dumps(FILE)}
    by_http = json.loads(http_handler(event, Context(29.0))["body"])
    assert json.loads(json.dumps(receipt)).keys() == by_http.keys()
    assert (receipt["digest"], receipt["objectKeys"]) == (by_http["digest"], by_http["objectKeys"])


def test_handler_returns_the_receipt_of_a_url_list_without_any_stored_image(fakes: HandlerFakes) -> None:
    receipt = handler({"urls": [LATE, "no URL"]}, Context(300.0))
    assert (receipt["status"], receipt["objectKeys"]) == ("failed", [None, None])
    assert receipt["receiptKey"] in fakes.store.objects


def test_handler_asks_again_when_the_same_file_comes_again(fakes: HandlerFakes) -> None:
    """Nothing says that it is the same request, so a receipt that is there already does not count."""
    for _ in range(2):
        handler({"id": "a", "urls": [LATE]}, Context(300.0))
    assert fakes.downloader.requests[LATE] == 2


def test_receipt_fits_into_a_state_when_101_urls_have_2000_characters(fakes: HandlerFakes) -> None:
    """Page "Quotas" of Step Functions: 256 KiB, with the metadata of the invocation. docs/calling.md says so."""
    urls = [f"https://a.example/{number:03}?{'x' * 1978}" for number in range(101)]
    fakes.downloader.results = dict.fromkeys(urls, picture(4, 3, 1))
    receipt = handler({"urls": urls}, Context(300.0))
    assert ({len(url) for url in urls}, receipt["status"]) == ({2000}, "stored")
    assert len(json.dumps(receipt)) < 262_144 - 4096


def test_handler_returns_a_null_key_when_the_receipt_cannot_be_stored(fakes: HandlerFakes) -> None:
    fakes.store.failures["receipts/"] = StoreFailed()
    receipt = handler({"urls": [URL]}, Context(300.0))
    assert (receipt["status"], receipt["receiptKey"]) == ("stored", None)


def test_handler_returns_before_its_time_runs_out(fakes: HandlerFakes) -> None:
    fakes.downloader.results = {URL: picture(4, 3, 1), LATE: Delayed(float("inf"))}
    receipt = handler({"urls": [URL, LATE]}, Context(0.6))
    assert [image.get("error", {}).get("code") for image in receipt["images"]] == [None, "deadline_exceeded"]


@pytest.mark.usefixtures("fakes")
def test_error_has_every_fault_with_its_path_and_no_query() -> None:
    document = {"id": "lot 7", "fileUrl": 7, "baseUrls": [{"url": [n]} for n in range(100)], "note": URL}
    faults = refusal(document).split("; ")
    assert faults[0] == "fileUrl: must be a string, got a number"
    assert faults[1:101] == [f"baseUrls[{n}].url: must be a string, got a list" for n in range(100)]
    assert [fault.partition(":")[0] for fault in faults[101:]] == ["id", "note"]
    assert "secret" not in refusal({"urls": [URL], f"url-s {URL}": 1, "baseURLs": [URL]})


@pytest.mark.usefixtures("fakes")
@pytest.mark.parametrize(
    "document",
    [
        {f"file_Url{'-' * (n % 9)}{n}": "x" for n in range(20_000)},
        {"urls": [{f"{'_' * n}url{'-' * m}": 1 for n in range(60) for m in range(9)}] * 101},
        {"fileUrl": ["\x00"] * 90_000, "baseUrls": [{"sha256": "x" * 9000}] * 101},
    ],
)
def test_error_fits_into_a_cause_of_step_functions(document: object) -> None:
    text = refusal(document)
    assert len(json.dumps(text)) < 30_000
    assert len(text) < 9000 or text.endswith(" more faults are not listed")


@pytest.mark.usefixtures("fakes")
@pytest.mark.parametrize(
    ("expected", "event"),
    [
        ("must be an object, got null", None),
        ("must be an object, got a string: send the object itself, not its JSON as a string", json.dumps(FILE)),
        ("must be an object, got a list. Send each File by itself", [FILE]),
        ("is an event of SQS, not a File: QueueFunction takes it", sqs_event(json.dumps(FILE))),
        ("is an event of S3, not a File: S3Function takes it", {"Records": [s3_record("inbox/a.json")]}),
        (
            "is a request of API Gateway, not a File: HttpFunction takes it",
            {"httpMethod": "POST", "path": "/files", "requestContext": {}, "body": json.dumps(FILE)},
        ),
    ],
)
def test_error_says_what_was_sent_and_which_function_takes_it(expected: str, event: object) -> None:
    assert refusal(event).startswith(expected)


def test_sample_event_is_a_file(fakes: HandlerFakes) -> None:
    handler(json.loads((ROOT / "tests" / "events" / "invoke-file.json").read_text()), Context(300.0))
    assert set(fakes.store.objects) == {"receipts/invoked.json"}
