"""Starts the local AWS with the stack in it, step by step, for `make up` and `make demo`."""

import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from infra.build import artifact
from infra.build.template_file import ROOT
from infra.command.errors import CommandError
from infra.command.running_processes import HOME_PREFIX, end_orphans, find_command
from infra.command.tcp_ports import find_free_port, require_free_port
from infra.command.terminal import print_line, timed_step
from infra.local.deploy_template import DeployedStack, deploy
from infra.local.ministack import ministack

VENVS = ROOT / ".local"


def start_stack(on_exit: ExitStack, parameters: Mapping[str, str], port: int | None = None) -> DeployedStack:
    """Build the artifact, start MiniStack and deploy; print a line for each step.

    Args:
        on_exit: stops everything that was started when it closes.
        parameters: the parameters of the template. With `Verify=decode`, the artifact has the decoders.
        port: the port of MiniStack; a free port if None.

    Raises:
        CommandError: the port is in use, or a step failed.
    """
    with_decoders = parameters.get("Verify") == "decode"
    home = Path(on_exit.enter_context(tempfile.TemporaryDirectory(prefix=HOME_PREFIX)))
    sam, built, processor = (
        VENVS / "sam" / "bin" / "sam",
        artifact.local_build_directory(with_decoders=with_decoders),
        artifact.local_architecture(),
    )
    with artifact.build_lock():
        if port:
            require_port(port)  # again: the command that held the lock may use it now
        with timed_step(f"Building the artifact for {processor}"):
            artifact.build(processor, built, sam, with_decoders=with_decoders)
        with timed_step(f"Starting the local AWS (MiniStack){f' on port {port}' if port else ''}"):
            aws = on_exit.enter_context(ministack(VENVS / "ministack", home, port))
        with timed_step("Deploying template.yaml with sam"):
            return deploy(aws, built, sam, home, {"Architecture": processor, **parameters})


def stop_orphans() -> None:
    """Stop each process that a killed command of this directory left running; print a line for each."""
    for message in end_orphans():
        print_line(f"  {message}")


def require_port(port: int) -> None:
    """Check that MiniStack can listen on a port.

    Raises:
        CommandError: it cannot. The text names the command of this directory that uses the port, if there is one.
    """
    if pid := find_command(port):
        free = find_free_port()
        raise CommandError(f"Another `make up` of this directory (pid {pid}) uses port {port}. A free one: PORT={free}")
    require_free_port(port)
