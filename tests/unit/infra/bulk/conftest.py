"""Fixtures of the tests of `make bulk`."""

import signal
from pathlib import Path

import pytest
from infra.bulk import __main__ as command

from support.bulk_stack import FakeStack, do_nothing


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> FakeStack:
    fake = FakeStack()
    monkeypatch.setattr(command, "Stack", lambda *_: fake)
    # main() sets its own; the one of pytest comes back afterwards.
    monkeypatch.setattr(signal, "signal", do_nothing)
    return fake


@pytest.fixture
def path(tmp_path: Path) -> str:
    path = tmp_path / "a.jsonl"
    path.write_text('{"urls": ["https://a.example/"]}')
    return str(path)
