"""IngestService over fakes: each URL once, request order, isolated failures, always before the deadline."""

import asyncio
import hashlib
import json
from dataclasses import replace

import pytest

from intake.ingest.deadline import Deadline
from intake.ingest.file_service import IngestService
from intake.model.error_codes import ConnectFailed, InternalError, StoreDenied, StoreFailed
from intake.model.file import File
from intake.model.image_info import ImageWarning
from intake.model.limits import Limits
from intake.model.outcome import Failed
from intake.model.receipt import FailedEntry, Receipt, Status, StoredEntry
from support.fake_ports import Delayed, FakeDownloader, FakeResult, FakeStore, RecordingObserver
from support.sample_images import picture

ONE, TWO = picture(4, 3, 1), picture(5, 4, 2)
OPEN_GIF = picture(4, 3, 1, "gif")[:-1]
AT = "https://a.example/"
PLENTY = 60.0
NEVER = float("inf")


def digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def key(body: bytes) -> str:
    return f"images/{digest(body)[:2]}/{digest(body)}.jpg"


def file(*names: str, **digests: str) -> File:
    """A File of `https://a.example/{name}`, each with the digest that is given for its name."""
    urls = [{"url": AT + name} | ({"sha256": digests[name]} if name in digests else {}) for name in names]
    return File.parse({"id": "lot-7", "urls": urls})


class Setup:
    """The service over fakes."""

    def __init__(self, answers: dict[str, FakeResult], limits: Limits | None = None) -> None:
        self.downloader = FakeDownloader({AT + name: answer for name, answer in answers.items()})
        self.store = FakeStore()
        self.observer = RecordingObserver()
        self.margin = (limits or Limits()).deadline_margin
        self.service = IngestService(self.downloader, self.store, self.observer, limits or Limits(), "bucket")

    async def ingest(self, requested: File, seconds: float = PLENTY) -> Receipt:
        return await self.service.ingest(requested, Deadline.after(seconds, self.margin))


def codes(receipt: Receipt) -> list[str]:
    return [entry.error.code if isinstance(entry, FailedEntry) else "stored" for entry in receipt.images]


async def test_service_stores_every_image_and_returns_keys_in_request_order() -> None:
    setup = Setup({"one": Delayed(0.02, ONE), "two": TWO})
    receipt = await setup.ingest(file("one", "two"))
    assert [key(ONE), key(TWO)] == receipt.object_keys
    assert receipt.status is Status.STORED
    assert {key(ONE): ONE, key(TWO): TWO}.items() <= setup.store.objects.items()


async def test_images_of_one_url_are_fetched_once_and_have_their_own_notes() -> None:
    setup = Setup({"one": ONE})
    urls = [{"url": AT + "one", "note": {"a": 1}}, AT + "one", {"url": AT + "one", "note": {"a": 2}}]
    receipt = await setup.ingest(File.parse({"urls": urls}))
    assert [image.note for image in receipt.images] == [{"a": 1}, None, {"a": 2}]
    assert setup.downloader.requests == {AT + "one": 1}


async def test_failed_image_has_no_key_and_the_others_are_stored() -> None:
    setup = Setup({"one": ONE, "dead": ConnectFailed(), "two": TWO})
    receipt = await setup.ingest(file("one", "dead", "gone", "two"))
    assert [key(ONE), None, None, key(TWO)] == receipt.object_keys
    assert codes(receipt) == ["stored", "connect_failed", "not_found", "stored"]
    assert receipt.status is Status.PARTIAL


async def test_file_is_failed_when_no_image_is_stored() -> None:
    receipt = await Setup({}).ingest(file("gone"))
    assert receipt.status is Status.FAILED


async def test_entry_has_the_warnings_of_the_image_and_of_its_transfer() -> None:
    setup = Setup({"one": ONE + b"\0", "two": TWO})
    setup.downloader.warnings = (ImageWarning.UNCLEAN_CLOSE,)
    receipt = await setup.ingest(file("one", "two"))
    warnings = [entry.warnings for entry in receipt.images if isinstance(entry, StoredEntry)]
    assert warnings == [("trailing_data", "unclean_close"), ("unclean_close",)]


async def test_repeated_url_is_downloaded_once_and_counted_per_image() -> None:
    setup = Setup({"one": ONE})
    receipt = await setup.ingest(file("one", "one", "one#part"))
    assert setup.downloader.requests[AT + "one"] == 1
    assert (receipt.counts.stored, receipt.counts.bytes) == (3, 3 * len(ONE))


async def test_image_in_the_bucket_is_reused() -> None:
    setup = Setup({"one": ONE})
    await setup.ingest(file("one"))
    receipt = await setup.ingest(file("one"))
    assert (receipt.counts.stored, receipt.counts.reused) == (0, 1)
    assert setup.store.writes[key(ONE)] == 1


async def test_every_expected_digest_of_one_url_is_checked_separately() -> None:
    setup = Setup({"one": ONE})
    urls = [
        {"url": AT + "one", "sha256": "0" * 64},
        {"url": AT + "one"},
        {"url": AT + "one", "sha256": digest(ONE).upper()},
    ]
    receipt = await setup.ingest(File.parse({"urls": urls}))
    assert codes(receipt) == ["checksum_mismatch", "stored", "stored"]


async def test_bytes_that_no_request_expects_are_not_stored() -> None:
    setup = Setup({"one": ONE})
    receipt = await setup.ingest(file("one", one="0" * 64))
    assert codes(receipt) == ["checksum_mismatch"]
    assert [name for name in setup.store.objects if name.startswith("images/")] == []


@pytest.mark.parametrize(
    ("body", "code"),
    [(ONE[:-2], "invalid_image"), (b"<html>this is not an image</html>", "unsupported_type")],
)
async def test_invalid_image_is_not_stored(body: bytes, code: str) -> None:
    setup = Setup({"bad": body})
    assert codes(await setup.ingest(file("bad"))) == [code]
    assert [name for name in setup.store.objects if name.startswith("images/")] == []


@pytest.mark.parametrize(
    ("expected", "announced", "digests"),
    [
        ("stored", True, {}),
        ("stored", False, {"gif": digest(OPEN_GIF)}),
        ("invalid_image", False, {}),
    ],
)
async def test_gif_without_trailer_is_stored_when_its_length_is_known(
    expected: str, digests: dict[str, str], *, announced: bool
) -> None:
    setup = Setup({"gif": OPEN_GIF})
    setup.downloader.announces_lengths = announced
    receipt = await setup.ingest(file("gif", **digests))
    assert codes(receipt) == [expected]
    warnings = [entry.warnings for entry in receipt.images if not isinstance(entry, FailedEntry)]
    assert warnings == ([("missing_trailer",)] if expected == "stored" else [])


async def test_receipt_warns_of_bytes_behind_the_end() -> None:
    receipt = await Setup({"one": ONE, "two": ONE + b"more"}).ingest(file("one", "two"))
    assert [entry.warnings for entry in receipt.images if isinstance(entry, StoredEntry)] == [(), ("trailing_data",)]


async def test_invalid_url_fails_alone_without_a_download() -> None:
    setup = Setup({"one": ONE})
    receipt = await setup.ingest(File.parse({"urls": ["not a url", "ftp://a.example/x", "", AT + "one"]}))
    assert codes(receipt) == ["invalid_url", "blocked", "invalid_url", "stored"]
    assert setup.downloader.requests.total() == 1


async def test_bug_in_one_image_is_an_internal_error_with_its_traceback_and_affects_no_other() -> None:
    setup = Setup({"one": ONE, "bug": ZeroDivisionError("oops")})
    assert codes(await setup.ingest(file("bug", "one"))) == ["internal_error", "stored"]
    outcome = setup.observer.outcomes[0][2]
    assert isinstance(outcome, Failed)
    assert isinstance(outcome.error, InternalError)
    assert "ZeroDivisionError: oops" in outcome.error.trace


async def test_image_that_is_not_done_at_the_deadline_is_deadline_exceeded_and_the_rest_is_stored() -> None:
    setup = Setup({"one": ONE, "slow": Delayed(NEVER)}, Limits(deadline_margin=1.0))
    begin = asyncio.get_running_loop().time()
    receipt = await setup.ingest(file("slow", "one"), seconds=1.3)
    assert codes(receipt) == ["deadline_exceeded", "stored"]
    assert asyncio.get_running_loop().time() - begin < 1.3
    assert receipt.images[0].attempts == 1


async def test_service_returns_a_receipt_when_the_deadline_is_already_over() -> None:
    receipt = await Setup({"one": Delayed(0.01, ONE)}).ingest(file("one"), seconds=0.0)
    assert codes(receipt) == ["deadline_exceeded"]


async def test_no_task_runs_after_the_deadline() -> None:
    before = asyncio.all_tasks()
    await Setup({"slow": Delayed(NEVER)}, Limits(deadline_margin=0.05)).ingest(file("slow"), seconds=0.1)
    assert asyncio.all_tasks() == before


async def test_service_releases_every_download_however_its_image_ends() -> None:
    answers: dict[str, FakeResult] = {"one": ONE, "cut": ONE[:-2], "denied": TWO, "unexpected": picture(6, 5, 3)}
    setup = Setup(answers)
    setup.store.failures[key(TWO)] = ZeroDivisionError("oops")
    await setup.ingest(file(*answers, unexpected="0" * 64))
    assert setup.downloader.released == len(answers)


async def test_stored_receipt_has_no_query_strings_and_the_returned_one_has() -> None:
    setup = Setup({"one?X-Amz-Signature=secret": ONE})
    receipt = await setup.ingest(file("one?X-Amz-Signature=secret"))
    stored = json.loads(setup.store.objects["receipts/lot-7.json"])
    assert receipt.images[0].url == AT + "one?X-Amz-Signature=secret"
    assert stored["images"][0]["url"] == AT + "one"
    assert "secret" not in json.dumps(stored)


@pytest.mark.parametrize("error", [StoreFailed(), StoreDenied()])
async def test_receipt_is_returned_without_key_when_it_cannot_be_stored(error: Exception) -> None:
    setup = Setup({"one": ONE})
    setup.store.failures["receipts/"] = error
    receipt = await setup.ingest(file("one"))
    assert receipt.receipt_key is None
    assert receipt.object_keys == [key(ONE)]
    assert setup.observer.receipts == [(replace_key(receipt), error)]


def replace_key(receipt: Receipt) -> Receipt:
    return receipt.model_copy(update={"receipt_key": "receipts/lot-7.json"})


async def test_receipt_is_returned_in_time_when_the_store_is_slow() -> None:
    setup = Setup({"one": ONE}, Limits(deadline_margin=1.0))
    setup.store.delay = 60.0
    begin = asyncio.get_running_loop().time()
    receipt = await setup.ingest(file("one"), seconds=1.1)
    assert receipt.receipt_key is None
    assert asyncio.get_running_loop().time() - begin < 1.1


@pytest.mark.parametrize(("most", "store_delay", "seconds"), [(2.0, 0.0, 60.0), (0.15, 60.0, 1.1)])
async def test_response_waits_for_the_downloader_but_not_beyond_the_deadline(
    most: float, store_delay: float, seconds: float
) -> None:
    """Nothing runs on after the response, when Lambda freezes the environment."""
    setup = Setup({"one": ONE}, Limits(deadline_margin=1.0))
    setup.store.delay = store_delay

    await setup.ingest(file("one"), seconds)

    [flush] = setup.downloader.flushes
    assert 0 < flush <= most


@pytest.mark.parametrize(("error", "code"), [(StoreFailed(), "store_failed"), (StoreDenied(), "store_denied")])
async def test_image_fails_with_the_error_of_the_store(error: Exception, code: str) -> None:
    setup = Setup({"one": ONE, "two": TWO})
    setup.store.failures[key(ONE)] = error
    assert codes(await setup.ingest(file("one", "two"))) == [code, "stored"]


async def test_observer_gets_every_image_and_the_file_once_in_order() -> None:
    setup = Setup({"one": ONE})
    requested = file("one", "gone")
    receipt = await setup.ingest(requested)
    assert list(requested.images) == [request for _, request, _ in setup.observer.outcomes]
    assert setup.observer.receipts == [(receipt, None)]


async def test_stored_receipt_can_be_read_and_a_missing_one_is_none() -> None:
    setup = Setup({"one": ONE})
    await setup.ingest(replace(file("one"), id="lot-8"))
    assert await setup.service.read_receipt("lot-9") is None
    assert json.loads(await setup.service.read_receipt("lot-8") or b"")["id"] == "lot-8"


async def test_receipt_is_returned_when_storing_it_raises_a_bug() -> None:
    setup = Setup({"one": ONE})
    setup.store.failures["receipts/"] = ZeroDivisionError("oops")
    receipt = await setup.ingest(file("one"))
    assert (receipt.receipt_key, receipt.object_keys) == (None, [key(ONE)])
