"""Commands beside each other in one directory: the second one waits for the first, and says so."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from infra import artefact
from infra.local.process import free_port
from infra.template import ROOT

WAITING = "Another command is building here: waiting for it ...\n"


@contextmanager
def begun(command: list[str], log: Path, cwd: Path = ROOT) -> Iterator[subprocess.Popen[bytes]]:
    """A command that runs, with what it says in a file; stopped as by Ctrl-C where it has not ended."""
    with log.open("wb") as out:
        environment = os.environ | {"PYTHONPATH": "functions"}
        process = subprocess.Popen(command, cwd=cwd, env=environment, stdout=out, stderr=out, start_new_session=True)
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
        process.wait(30)


def said(log: Path, words: str) -> bool:
    """Whether a command says something, before long."""
    until = time.monotonic() + 30
    while words not in log.read_text() and time.monotonic() < until:
        time.sleep(0.05)
    return words in log.read_text()


@pytest.mark.parametrize("command", [["demo"], ["up", f"PORT={free_port()}"]], ids=["demo", "up"])
def test_one_that_builds_waits_until_the_other_has_deployed_what_it_built(tmp_path: Path, command: list[str]) -> None:
    log = tmp_path / "log"
    with artefact.reserved(artefact.local_build()), begun(["make", "-s", *command], log):
        assert said(log, WAITING)
        time.sleep(0.5)
        assert "Building" not in log.read_text()


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM], ids=["SIGHUP", "SIGTERM"])
@pytest.mark.parametrize("command", ["infra.demo", "infra.local"])
def test_a_terminal_that_is_closed_ends_a_command_as_ctrl_c_does(tmp_path: Path, command: str, number: int) -> None:
    """By leaving what it has begun: a process that a signal kills has stopped nothing that it started."""
    log = tmp_path / "log"
    module = [sys.executable, "-m", command, *(["--port", str(free_port())] if command == "infra.local" else [])]
    with artefact.reserved(artefact.local_build()), begun(module, log) as process:
        assert said(log, WAITING)
        process.send_signal(number)
        assert process.wait(30) == 128 + number


ENDED_TWICE = """
import signal
from infra.local.process import begin
begin()
try:
    signal.raise_signal({number})
finally:
    signal.raise_signal({number})
    print("everything is stopped")
"""


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM], ids=["SIGHUP", "SIGTERM"])
def test_a_terminal_that_says_twice_that_it_is_closed_does_not_end_the_stopping(number: int) -> None:
    """The shell tells its jobs, and the kernel the group in front."""
    command = [sys.executable, "-c", ENDED_TWICE.format(number=int(number))]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("everything is stopped\n", 128 + number)


def test_a_command_asks_for_no_profile_of_the_users_own_aws() -> None:
    asks = "import boto3; boto3.client('s3', region_name='us-east-1')"
    begins = "from infra.local.process import begin; begin(); "
    environment = os.environ | {"AWS_PROFILE": "nobody", "AWS_DEFAULT_PROFILE": "nobody"}

    ended = [
        subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, check=False)
        for code in (asks, begins + asks)
    ]

    assert [bool(done.returncode) for done in ended] == [True, False]


def test_one_that_has_waited_goes_on(tmp_path: Path) -> None:
    sam, log, into = tmp_path / "sam", tmp_path / "log", tmp_path / "here" / "build"
    sam.write_text("#!/bin/sh\necho it is our turn\nexit 1\n")
    sam.chmod(0o755)
    command = [sys.executable, "-m", "infra.artefact", artefact.machine(), "--into", str(into), "--sam", str(sam)]
    with ExitStack() as stack:
        with artefact.reserved(into):
            process = stack.enter_context(begun(command, log))
            assert said(log, WAITING)
            assert process.poll() is None
        assert process.wait(30) == 1
    assert "it is our turn" in log.read_text()
