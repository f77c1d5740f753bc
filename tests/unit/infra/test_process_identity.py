"""A pid is the same process only with the same start time and command line."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from infra.command import process_identity
from infra.command.process_identity import ProcessIdentity

SLEEP = [sys.executable, "-c", "import sys; print(flush=True); sys.stdin.read()"]


@pytest.fixture(params=["/proc", "ps"])
def source(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """Where the identity is read from: Linux has /proc, macOS has only ps."""
    if request.param == "ps":
        monkeypatch.setattr(process_identity, "PROC", tmp_path)
    return str(request.param)


@pytest.mark.usefixtures("source")
def test_process_is_running_until_it_ends() -> None:
    with subprocess.Popen(SLEEP, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()  # it has started
        identity = ProcessIdentity.of(process.pid)
        assert identity is not None
        assert "sys.stdin.read()" in identity.command
        assert identity.is_running()
        assert process.stdin is not None
        process.stdin.close()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert not identity.is_running(), "it has ended, although nobody has reaped it"

    assert ProcessIdentity.of(process.pid) is None


@pytest.mark.usefixtures("source")
def test_other_process_with_the_same_pid_is_not_mistaken_for_it() -> None:
    identity = ProcessIdentity.of_this_process()

    assert identity.is_running()
    assert not replace(identity, started="another time").is_running()
    assert not replace(identity, command="another command").is_running()
