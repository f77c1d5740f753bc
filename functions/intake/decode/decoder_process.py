"""DecoderProcess: checks images in a child process, because decoders read untrusted bytes."""

import asyncio

from intake.decode.child_process import ChildDied, ChildProcess
from intake.decode.requirements import memory_limit
from intake.decode.verdict import DECODED_TYPES, Verdict
from intake.model.image_info import ImageInfo
from intake.model.limits import Limits

_BASE_SECONDS, _SECONDS_PER_PIXEL, _SECONDS_PER_BYTE = 2.0, 0.3e-6, 0.3e-6
"""The time limit of an image, if IMAGE_TIMEOUT is not shorter. A small image must not delay the others for long.

The slowest decoders take 0.15 s for a million pixels (AVIF) and 0.11 s for a million bytes (LZW) of one processor.
"""

_MAX_ATTEMPTS = 3

_NEEDS_NO_DECODER = frozenset({"png", "bmp", "ico", "cur", "pnm"})
"""The structure checks the CRC of each PNG chunk. In BMP and PNM, all bytes are pixels. Icons are PNGs or bitmaps."""


class DecoderProcess:
    """Implements the port `Decoder` with one child process, which decodes one image at a time.

    If the child dies, the next image gets a new one.
    """

    def __init__(self, limits: Limits) -> None:
        """Start nothing yet.

        Args:
            limits: the limits on an image, which limit the memory and the time of the child.
        """
        self._limits = limits
        self._memory = memory_limit(limits.max_image_pixels, limits.max_image_bytes)
        self._lock = asyncio.Lock()
        self._child: asyncio.Task[ChildProcess] | None = None

    def start(self) -> None:
        """See `Decoder.start`."""
        self._start()

    def _start(self) -> asyncio.Task[ChildProcess]:
        if self._child is None:
            self._child = asyncio.create_task(ChildProcess.start(self._memory))
        return self._child

    async def check(self, body: memoryview, image: ImageInfo) -> tuple[Verdict, str]:
        """See `Decoder.check`.

        If the child dies and has decoded other images before, a new one decodes the image again: one of the others may
        have damaged the memory of the child.
        """
        if image.type not in DECODED_TYPES:
            is_checked = image.type in _NEEDS_NO_DECODER
            return (Verdict.WHOLE, "") if is_checked else (Verdict.UNSURE, f"no decoder reads {image.type}")
        seconds = self._time_limit(image, len(body))
        async with self._lock:
            attempts = 0
            while True:
                attempts += 1
                child = await self._get_child()
                try:
                    return await child.decode(body, image.type, self._limits.max_image_pixels, seconds)
                except ChildDied as death:
                    if attempts == _MAX_ATTEMPTS or not death.had_images:
                        return death.verdict, death.reason

    async def _get_child(self) -> ChildProcess:
        """Return the child, or a new one if it has ended.

        A start that began earlier may have failed because Lambda stopped all processes meanwhile: a new one follows.
        """
        while True:
            is_new = self._child is None
            try:
                child = await asyncio.shield(self._start())  # the child still starts if the image is cancelled
            except Exception:
                self._child = None
                if is_new:
                    raise
                continue
            if not child.has_ended:
                return child
            self._child = None

    def _time_limit(self, image: ImageInfo, size: int) -> float:
        """Return the seconds that an image of `size` bytes may take."""
        pixels = image.width * image.height * image.frames
        seconds = _BASE_SECONDS + _SECONDS_PER_PIXEL * pixels + _SECONDS_PER_BYTE * size
        return min(self._limits.image_timeout, seconds)

    async def aclose(self) -> None:
        """End the child."""
        if self._child is not None:
            task, self._child = self._child, None
            task.cancel()
            [child] = await asyncio.gather(task, return_exceptions=True)
            if isinstance(child, ChildProcess):
                await child.end()
