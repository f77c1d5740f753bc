"""The children of the process of the decoders: how they start and end, and what they may do."""

import asyncio
import ctypes
import json
import os
import signal
import sys
import time
from pathlib import Path

import pytest

from intake.decode import child_process
from intake.decode.decoder_process import DecoderProcess
from intake.decode.requirements import memory_limit
from intake.decode.verdict import Verdict
from support.decoder_children import LIMITS, can_leave_network, check, is_running, pid_of, wait_until_ended

PR_GET_DUMPABLE = 3
MEMORY = memory_limit(LIMITS.max_image_pixels, LIMITS.max_image_bytes)


async def test_child_has_limits_and_no_environment(decoder: DecoderProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("LD_LIBRARY_PATH", "/var/lang/lib")

    _, reason = await check(decoder, "facts")

    facts = json.loads(reason)
    own = {"LC_CTYPE"}  # Python sets it (PEP 538)
    assert set(facts["environment"]) - own == {*child_process._VARIABLES, "LD_LIBRARY_PATH"}
    assert facts["limits"] == [[MEMORY, MEMORY], [0, 0], [0, 0], [16, 16]]
    assert facts["descriptors"] < 16
    assert facts["parent"] == os.getpid()
    assert not (facts["network"] and can_leave_network())


async def test_memory_of_the_parent_is_hidden_from_the_child(decoder: DecoderProcess) -> None:
    """A process of the same user cannot read its environment in /proc then; root, as whom tests may run, can."""
    await check(decoder, "good")

    assert ctypes.CDLL(None).prctl(PR_GET_DUMPABLE) == 0


async def test_child_ends_with_its_parent(hostile: None, tmp_path: Path) -> None:
    """Also while it decodes, and although nothing closes it."""
    del hostile
    program = (
        "import asyncio, os, sys; sys.path[:] = sys.argv[1:]\n"
        "from intake.decode.decoder_process import DecoderProcess\n"
        "from intake.model.image_info import ImageInfo\n"
        "from intake.model.limits import Limits\n"
        "async def main():\n"
        "    decoder = DecoderProcess(Limits(max_image_pixels=1))\n"
        "    print((await decoder._get_child())._process.pid, flush=True)\n"
        "    await decoder.check(memoryview(b'loop'), ImageInfo('jpeg', 1, 1, 1, '', ''))\n"
        "asyncio.run(main())\n"
    )
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, *sys.path, stdout=asyncio.subprocess.PIPE, cwd=tmp_path
    )
    assert parent.stdout is not None
    pid = int(await parent.stdout.readline())
    await asyncio.sleep(0.2)
    assert is_running(pid)

    parent.kill()
    await parent.wait()

    await wait_until_ended(pid)


async def test_child_ends_by_its_timer_when_its_parent_is_frozen(
    decoder: DecoderProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The parent does not end it here, as if it were stopped."""
    program = tmp_path / "intake" / "decode" / "child.py"
    program.write_text(program.read_text().replace("EXTRA_SECONDS = 5.0", "EXTRA_SECONDS = 0.1"))
    child = await decoder._get_child()
    monkeypatch.setattr(child, "_receive", lambda: asyncio.sleep(60))
    task = asyncio.create_task(child.decode(memoryview(b"loop"), "jpeg", 1, 0.2))
    time.sleep(0.6)  # noqa: ASYNC251 - nothing of the parent runs meanwhile

    await wait_until_ended(child._process.pid)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_error_says_how_a_child_ended_that_did_not_start(
    hostile: None, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """It prints why. The next image tries again: the machine may have had no memory."""
    del hostile
    module = tmp_path / "intake" / "decode" / "decoders.py"
    program = module.read_text()
    module.write_text("import no_such_library\n")
    decoder = DecoderProcess(LIMITS)

    with pytest.raises(RuntimeError, match="the process of the decoders did not start: exit code 1"):
        await check(decoder, "good")

    assert "No module named 'no_such_library'" in capfd.readouterr().err
    module.write_text(program)
    assert await check(decoder, "good") == (Verdict.WHOLE, "['good']")
    await decoder.aclose()


async def test_start_is_given_up_when_it_takes_too_long(
    hostile: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del hostile
    (tmp_path / "intake" / "decode" / "decoders.py").write_text("import time\ntime.sleep(60)\n")
    monkeypatch.setattr(child_process, "_START_SECONDS", 0.3)

    with pytest.raises(RuntimeError, match="did not start: exit code -9"):
        await check(DecoderProcess(LIMITS), "good")


async def test_child_decodes_after_its_environment_was_frozen(decoder: DecoderProcess) -> None:
    """Lambda stops every process between two invocations."""
    pid = await pid_of(decoder)
    os.kill(pid, signal.SIGSTOP)
    task = asyncio.create_task(check(decoder, "first"))
    await asyncio.sleep(0.2)

    os.kill(pid, signal.SIGCONT)

    assert await task == (Verdict.WHOLE, "['first']")
    assert await pid_of(decoder) == pid
