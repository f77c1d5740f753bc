"""Fixtures: a process of decoders, whose children do what a hostile image might make real ones do."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from intake.decode.decoder_process import DecoderProcess
from support import hostile_decoders
from support.decoder_children import LIMITS


@pytest.fixture
def hostile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The children have the decoders of `support.hostile_decoders`."""
    hostile_decoders.install(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)


@pytest.fixture
async def decoder(hostile: None) -> AsyncIterator[DecoderProcess]:
    del hostile
    running = DecoderProcess(LIMITS)
    yield running
    await running.aclose()
