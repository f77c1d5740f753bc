"""The process of the decoders, with real children: what hostile images do to it, and what they do not do to others."""

import asyncio
import json
import os
import select
import signal
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from intake.decode import child_process, decoder_process
from intake.decode.decoder_process import DecoderProcess
from intake.decode.verdict import Verdict
from intake.model.image_info import ImageInfo
from intake.model.limits import Limits
from support.decoder_children import LIMITS, check, is_running, pid_of, wait_until_ended


@pytest.mark.parametrize(
    ("word", "verdict", "reason"),
    [
        ("crash", Verdict.DAMAGED, "the process of the decoder was ended by SIGSEGV"),
        ("illegal", Verdict.DAMAGED, "the process of the decoder was ended by SIGILL"),
        ("abort", Verdict.UNSURE, "the process of the decoder was ended by SIGABRT"),
        ("killed", Verdict.UNSURE, "the process of the decoder was ended by SIGKILL"),
        ("exit", Verdict.UNSURE, "the decoder ended the process with exit code 3"),
        ("allocate", Verdict.UNSURE, "the memory limit is too small: "),
        ("broken", Verdict.DAMAGED, "broken"),
        ("noise", Verdict.WHOLE, "['noise']"),
    ],
)
async def test_decoder_gives_the_verdict_of_one_image_when_it_fails(
    decoder: DecoderProcess, word: str, verdict: Verdict, reason: str
) -> None:
    """The next image has a process that works."""
    assert (verdict, reason) == await check(decoder, word)

    assert await check(decoder, "good") in {
        (Verdict.WHOLE, "['good']"),  # in a new process
        (Verdict.WHOLE, f"['{word}', 'good']"),
    }


@pytest.mark.parametrize("word", ["loop", "sleep"])
async def test_decoder_is_unsure_when_the_time_is_over(
    decoder: DecoderProcess, monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    monkeypatch.setattr(decoder_process, "_BASE_SECONDS", 0.2)
    pid = await pid_of(decoder)

    assert await check(decoder, word) == (Verdict.UNSURE, "no verdict within 0.2 s")

    assert not is_running(pid)
    assert await check(decoder, "good") == (Verdict.WHOLE, "['good']")


async def test_image_is_decoded_again_when_a_used_child_dies(decoder: DecoderProcess) -> None:
    """An earlier image may have damaged its memory: `damage` makes `victim` crash, `victim` alone is whole."""
    await check(decoder, "damage")

    assert await check(decoder, "victim") == (Verdict.WHOLE, "['victim']")


@pytest.mark.parametrize("is_used", [False, True])
async def test_image_is_decoded_when_the_idle_child_was_killed(decoder: DecoderProcess, is_used: bool) -> None:  # noqa: FBT001 - a parameter of the test
    child = await decoder._get_child()
    if is_used:
        await check(decoder, "first")
    os.kill(child._process.pid, signal.SIGKILL)
    select.select([child._channel], [], [], 10)  # its end of the socket is closed

    assert await check(decoder, "second") == (Verdict.WHOLE, "['second']")


async def test_child_that_grew_is_replaced(decoder: DecoderProcess) -> None:
    """Otherwise, what earlier images left would count against the memory limit of later ones."""
    before = await pid_of(decoder)
    assert (await check(decoder, "leak"))[0] is Verdict.WHOLE

    assert await check(decoder, "good") == (Verdict.WHOLE, "['good']")
    assert await pid_of(decoder) != before


async def test_cancelled_image_leaves_nothing_running(decoder: DecoderProcess) -> None:
    """At the deadline of a File. The environment may be frozen after the response."""
    pid = await pid_of(decoder)
    task = asyncio.create_task(check(decoder, "loop"))
    await asyncio.sleep(0.1)

    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    await wait_until_ended(pid)
    assert await check(decoder, "good") == (Verdict.WHOLE, "['good']")


async def test_images_are_decoded_one_after_the_other_in_one_child(decoder: DecoderProcess) -> None:
    decoder.start()

    results = await asyncio.gather(*[check(decoder, f"image{number}") for number in range(20)])

    assert {verdict for verdict, _ in results} == {Verdict.WHOLE}
    assert sorted(len(json.loads(reason.replace("'", '"'))) for _, reason in results) == [*range(1, 21)]


@pytest.mark.parametrize(
    ("name", "verdict", "reason"),
    [
        ("png", Verdict.WHOLE, ""),
        *((name, Verdict.WHOLE, "") for name in ("bmp", "ico", "cur", "pnm")),
        ("xyz", Verdict.UNSURE, "no decoder reads xyz"),
    ],
)
async def test_type_without_decoder_starts_no_child(name: str, verdict: Verdict, reason: str) -> None:
    decoder = DecoderProcess(LIMITS)

    assert await check(decoder, "crash", name) == (verdict, reason)

    assert decoder._child is None
    await decoder.aclose()


async def test_image_is_decoded_when_a_start_failed_before_it(
    hostile: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A function whose images all fail responds before the child has started. Lambda then stops both for minutes."""
    del hostile
    module = tmp_path / "intake" / "decode" / "decoders.py"
    program = module.read_text()
    module.write_text("import time\ntime.sleep(60)\n")
    with monkeypatch.context() as patch:
        patch.setattr(child_process, "_START_SECONDS", 0.3)
        decoder = DecoderProcess(LIMITS)
        decoder.start()
        assert decoder._child is not None
        await asyncio.wait({decoder._child})
    module.write_text(program)

    decoder.start()

    assert await check(decoder, "good") == (Verdict.WHOLE, "['good']")
    await decoder.aclose()


async def test_picture_of_more_than_100_mb_is_decoded_in_memory() -> None:
    """By default, libvips would write it to a file, which a child may not."""
    decoder = DecoderProcess(Limits(max_image_pixels=60_000_000))
    body = BytesIO()
    Image.new("RGBA", (5200, 5200), (1, 2, 3, 4)).save(body, "WEBP", method=0)

    verdict = await decoder.check(memoryview(body.getvalue()), ImageInfo("webp", 5200, 5200, 1, "image/webp", "webp"))

    assert verdict == (Verdict.WHOLE, "")
    await decoder.aclose()


@pytest.mark.parametrize(
    ("pixels", "frames", "size", "expected"),
    [(100, 1, 100, 2.0), (10_000_000, 1, 100, 5.0), (1_000_000, 10, 1_000_000, 5.3), (50_000_000, 2, 1, 15.0)],
)
def test_time_limit_grows_with_pixels_and_bytes_up_to_image_timeout(
    pixels: int, frames: int, size: int, expected: float
) -> None:
    seconds = DecoderProcess(LIMITS)._time_limit(ImageInfo("jpeg", pixels, 1, frames, "", ""), size)

    assert seconds == pytest.approx(expected, abs=0.01)
