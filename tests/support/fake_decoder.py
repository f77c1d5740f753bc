"""The port of the decoder, which gives the verdicts that a test wants."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from intake.decode.verdict import Verdict
from intake.model.image_info import ImageInfo


@dataclass
class FakeDecoder:
    """Finds an image whole, unless its verdict is given.

    Attributes:
        verdicts: the verdict of a body, or the error to raise.
        delay: the duration of each call, in seconds.
        calls: what was called, in order: `start`, or the type of an image.
    """

    verdicts: Mapping[bytes, Verdict | Exception] = field(default_factory=dict)
    delay: float = 0.0
    calls: list[str] = field(default_factory=list)

    def start(self) -> None:
        """See `Decoder.start`."""
        self.calls.append("start")

    async def check(self, body: memoryview, image: ImageInfo) -> tuple[Verdict, str]:
        """See `Decoder.check`."""
        self.calls.append(image.type)
        await asyncio.sleep(self.delay)
        verdict = self.verdicts.get(bytes(body), Verdict.WHOLE)
        if isinstance(verdict, Exception):
            raise verdict
        return verdict, f"the fake decoder: {verdict}"

    async def aclose(self) -> None:
        """See `Decoder.aclose`."""
