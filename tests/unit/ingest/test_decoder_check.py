"""Images that a decoder checks before they are stored, over fakes: its verdicts, and what was stored without it."""

import asyncio
from datetime import UTC, datetime
from hashlib import sha256

import pytest

from intake.decode.verdict import Verdict
from intake.ingest.deadline import Deadline
from intake.model.file import File
from intake.model.image_info import ImageWarning
from intake.model.receipt import FailedEntry, Receipt, StoredEntry
from intake.model.verification import Verification
from support.fake_decoder import FakeDecoder
from support.fake_environment import AT, ONE, THREE, TWO, Environment, make_origin, sources
from support.sample_images import picture

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
DIGESTED = {"url": AT + "one", "sha256": sha256(ONE).hexdigest()}


def codes(receipt: Receipt) -> list[str]:
    return [
        entry.error.code if isinstance(entry, FailedEntry) else ",".join(entry.warnings) for entry in receipt.images
    ]


async def test_damaged_image_is_refused_and_one_without_verdict_has_a_warning() -> None:
    decoder = FakeDecoder({ONE: Verdict.DAMAGED, TWO: Verdict.UNSURE})
    environment = Environment(make_origin(one=ONE, two=TWO, three=THREE), decoder=decoder)

    receipt = await environment.run("one", "two", "three")

    assert codes(receipt) == ["corrupt_image", "decode_warning", ""]
    assert ONE not in environment.store.objects.values()
    assert environment.observer.unsure == [(AT + "two", "the fake decoder: unsure")]
    [failed, unsure, whole] = receipt.images
    assert isinstance(failed, FailedEntry)
    assert failed.error.message == "The data of this JPEG is damaged: a decoder found it."
    facts = {key: (image.warnings, image.is_decoded) for key, image in environment.store.images.items()}
    assert isinstance(unsure, StoredEntry)
    assert isinstance(whole, StoredEntry)
    assert facts == {unsure.key: ((ImageWarning.DECODE_WARNING,), True), whole.key: ((), True)}
    assert decoder.calls.count("start") == 3


async def test_image_whose_structure_is_not_whole_is_not_decoded() -> None:
    decoder = FakeDecoder()
    environment = Environment(make_origin(one=ONE[:-9], two=b"no image", three=THREE), decoder=decoder)

    receipt = await environment.run("one", "two", "three")

    assert codes(receipt) == ["invalid_image", "unsupported_type", ""]
    assert [call for call in decoder.calls if call != "start"] == ["jpeg"]


async def test_other_images_are_stored_when_the_decoder_does_not_work() -> None:
    decoder = FakeDecoder({ONE: RuntimeError("the process of the decoders did not start: exit code 1")})
    environment = Environment(make_origin(one=ONE, two=TWO), decoder=decoder)

    receipt = await environment.run("one", "two")

    assert codes(receipt) == ["internal_error", ""]


async def test_image_fails_with_the_deadline_when_it_is_not_decoded_in_time() -> None:
    environment = Environment(make_origin(one=ONE), decoder=FakeDecoder(delay=60))
    file = File.parse({"urls": [AT + "one"]})

    receipt = await environment.service.ingest(file, Deadline.after(0.3, 0.1))

    assert codes(receipt) == ["deadline_exceeded"]


@pytest.mark.parametrize("name", ["url", "digest"])
async def test_known_image_is_decoded_once_where_it_was_not_before(name: str) -> None:
    """It is downloaded again, although the origin would say that it has not changed, and `reused` is true."""
    image = "one" if name == "url" else DIGESTED
    before = Environment(make_origin(one=ONE, two=TWO))
    await before.run("two", image)
    decoding = before.another(decoder=FakeDecoder())

    again = await decoding.run("two", image)

    assert sources(again) == ["fetched reused"] * 2
    assert decoding.decoder is not None
    assert decoding.decoder.calls.count("jpeg") == 2
    later = decoding.another(decoder=FakeDecoder())
    assert sources(await later.run("two", image))[1] == ("unchanged reused" if name == "url" else "known reused")
    assert later.decoder is not None
    assert "jpeg" not in later.decoder.calls


async def test_image_that_was_decoded_is_known_where_nothing_is_decoded() -> None:
    first = Environment(make_origin(one=ONE, two=TWO), decoder=FakeDecoder({ONE: Verdict.UNSURE}))
    await first.run("two", "one")

    receipt = await first.another(decoder=None).run("two", "one")

    assert (sources(receipt)[1], codes(receipt)[1]) == ("unchanged reused", "decode_warning")


@pytest.mark.parametrize("decoder", [None, FakeDecoder()])
async def test_later_run_reuses_only_what_was_decoded_if_it_decodes(decoder: FakeDecoder | None) -> None:
    """A manifest whose first run ended before VERIFY=decode was set."""
    first = Environment(make_origin(one=ONE, two=picture(7, 7, 7)), decoder=decoder)
    earlier = await first.run("two", "one", submitted_at=LONG_AGO)
    requests = first.origin.requests.copy()
    first.store.writes.clear()

    later = await first.another(decoder=FakeDecoder()).run("two", "one", submitted_at=LONG_AGO)

    level = Verification.STRUCTURE if decoder is None else Verification.DECODE
    assert (earlier.verification, later.verification) == (level, Verification.DECODE)
    assert (first.origin.requests == requests) is (decoder is not None)
    assert ("verification" in earlier.to_json().decode()) is (decoder is not None)


async def test_run_that_decodes_does_not_merge_a_receipt_of_one_that_does_not() -> None:
    """Both run at once while a stack is updated. The image that only the other run has stored has no verdict."""
    other = Environment(make_origin(one=ONE, two=TWO))
    theirs = (await other.run("two", "one")).to_stored_json()
    ours = Environment(make_origin(two=TWO), store=other.store, decoder=FakeDecoder({TWO: Verdict.DAMAGED}, delay=0.1))
    del other.store.objects["receipts/lot-7.json"]
    running = asyncio.create_task(ours.run("two", "one", submitted_at=LONG_AGO))
    await asyncio.sleep(0.05)
    await other.store.put_document("receipts/lot-7.json", theirs)

    receipt = await running

    assert codes(receipt) == ["corrupt_image", "not_found"]
