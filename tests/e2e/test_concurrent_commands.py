"""Two commands in one directory: the second one waits for the first, and can be stopped while it waits."""

import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
from infra.build import artifact
from infra.build.template_file import ROOT
from infra.command.signals import INTERRUPTED
from infra.command.tcp_ports import find_free_port

from support.running_command import SIGHUP_DEFAULT, SIGINT_IGNORED, start_command, wait_for_output

WAITING = "Another command is building here: waiting for it ...\n"


def module(name: str) -> list[str]:
    return [sys.executable, "-m", name, *(["--port", str(find_free_port())] if name == "infra.local" else [])]


@pytest.mark.parametrize("command", [["demo"], ["up", f"PORT={find_free_port()}"]], ids=["demo", "up"])
def test_command_waits_until_another_has_deployed_what_it_built(tmp_path: Path, command: list[str]) -> None:
    log = tmp_path / "log"
    with artifact.build_lock(), start_command(["make", "-s", *command], log):
        assert wait_for_output(log, WAITING)
        time.sleep(0.5)
        assert "Building" not in log.read_text()


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM], ids=["SIGHUP", "SIGTERM"])
@pytest.mark.parametrize("name", ["infra.demo", "infra.local"])
def test_command_exits_when_its_terminal_is_closed(tmp_path: Path, name: str, number: int) -> None:
    """A process that a signal kills stops nothing that it started; an exit status shows that it stopped by itself."""
    log = tmp_path / "log"
    with artifact.build_lock(), start_command([*SIGHUP_DEFAULT, *module(name)], log) as process:
        assert wait_for_output(log, WAITING)
        process.send_signal(number)
        assert process.wait(30) == 128 + number


@pytest.mark.parametrize(("name", "status"), [("infra.demo", INTERRUPTED), ("infra.local", 0)])
def test_ctrl_c_stops_command_when_its_parent_ignores_sigint(tmp_path: Path, name: str, status: int) -> None:
    log = tmp_path / "log"
    with (
        artifact.build_lock(),
        start_command([*SIGINT_IGNORED, *module(name)], log) as process,
    ):
        assert wait_for_output(log, WAITING)
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(30) == status
    assert "Stopped. Nothing is left running" in log.read_text()
    assert "failed" not in log.read_text()


def test_command_ignores_aws_profiles_of_the_user() -> None:
    create = "import boto3; boto3.client('s3', region_name='us-east-1')"
    ignore = "from infra.local.ministack import ignore_aws_profiles; ignore_aws_profiles(); "
    environment = os.environ | {"AWS_PROFILE": "nobody", "AWS_DEFAULT_PROFILE": "nobody"}

    ended = [
        subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, check=False)
        for code in (create, ignore + create)
    ]

    assert [bool(done.returncode) for done in ended] == [True, False]


def test_command_that_has_waited_goes_on(tmp_path: Path) -> None:
    sam, log, into = tmp_path / "sam", tmp_path / "log", tmp_path / "here" / "build"
    sam.write_text("#!/bin/sh\necho sam has run\nexit 1\n")
    sam.chmod(0o755)
    options = ["--into", str(into), "--sam", str(sam)]
    command = [sys.executable, "-m", "infra.build.artifact", artifact.local_architecture(), *options]
    with ExitStack() as stack:
        with artifact.build_lock():
            process = stack.enter_context(start_command(command, log))
            assert wait_for_output(log, WAITING)
            assert process.poll() is None
        assert process.wait(30) == 1
    assert "sam has run" in log.read_text()
