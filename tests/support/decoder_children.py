"""The process of the decoders, and its children: sends images to it, and looks at the processes."""

import asyncio
import subprocess
import sys
from pathlib import Path

from intake.decode.decoder_process import DecoderProcess
from intake.decode.verdict import Verdict
from intake.model.image_info import ImageInfo
from intake.model.limits import Limits

LIMITS = Limits(max_image_pixels=10_000_000, max_image_bytes=1 << 20)
_UNSHARE = "import os; os.unshare(os.CLONE_NEWUSER | os.CLONE_NEWNET)"


def image(name: str = "jpeg", frames: int = 1) -> ImageInfo:
    return ImageInfo(name, 10, 10, frames, f"image/{name}", name)


async def check(decoder: DecoderProcess, word: str, name: str = "jpeg") -> tuple[Verdict, str]:
    return await decoder.check(memoryview(f"{word} ...".encode()), image(name))


async def pid_of(decoder: DecoderProcess) -> int:
    return (await decoder._get_child())._process.pid


def is_running(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


async def wait_until_ended(pid: int) -> None:
    async with asyncio.timeout(10):
        while is_running(pid):  # noqa: ASYNC110 - the kernel sets no event
            await asyncio.sleep(0.01)


def can_leave_network() -> bool:
    """Whether the kernel lets a process leave the network."""
    return subprocess.run([sys.executable, "-c", _UNSHARE], check=False, capture_output=True).returncode == 0
