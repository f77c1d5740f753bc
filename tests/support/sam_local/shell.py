"""Runs shell commands as a user would, and checks what this machine lacks for `sam local`."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from infra.build.sam_environment import offline_environment
from infra.build.template_file import ROOT
from infra.command.child_process import read_tail

IMAGE = "public.ecr.aws/lambda/python:3.13-x86_64"
PORTS = {3000: "the API", 8000: "the pictures", 8333: "the S3"}
START_SECONDS = 60.0
STOP_SECONDS = 20.0
SIGINT_DEFAULT = ["env", "--default-signal=INT"]
"""A prefix that starts a command as a terminal does. In the background of a script, SIGINT is ignored."""


@dataclass(frozen=True, slots=True)
class Shell:
    """Runs commands in a shell with its own environment.

    Attributes:
        env: the environment of every command.
        home: the directory for logs.
    """

    env: dict[str, str]
    home: Path

    @classmethod
    def clean(cls, home: Path) -> "Shell":
        """Make a shell without the variables of AWS accounts, proxies and a surrounding make."""
        removed = ("AWS_", "MAKE", "MFLAGS")
        own = {name: value for name, value in os.environ.items() if not name.startswith(removed)}
        # sam first asks STS for the caller's identity: let this fail at once, without a connection to AWS.
        offline = {
            "AWS_ENDPOINT_URL_STS": "http://127.0.0.1:9",
            "AWS_MAX_ATTEMPTS": "1",
            "NO_PROXY": "*",
            "no_proxy": "*",
        }
        return cls(own | offline_environment(home / "sam") | offline | {"TMPDIR": str(home)}, home)

    def run(self, script: str, seconds: float = 180) -> str:
        """Run a script, and return its output.

        Raises:
            AssertionError: the script failed; the message has its errors.
        """
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            env=self.env,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        assert done.returncode == 0, f"{script}\n{done.stderr[-4000:]}"
        return done.stdout

    @contextmanager
    def running(self, script: str, name: str, is_up: Callable[[], bool]) -> Iterator[Path]:
        """Run a script in the background, end it with SIGINT at the end of the block, and yield its log.

        Args:
            script: the script.
            name: the log's name.
            is_up: whether the script is ready.
        """
        log = self.home / f"{name}.log"
        with log.open("wb") as out:
            # A process group of its own, as in a terminal: the signal reaches all its processes and no others.
            process = subprocess.Popen(
                [*SIGINT_DEFAULT, "bash", "-euo", "pipefail", "-c", script],
                env=self.env,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        try:
            end = time.monotonic() + START_SECONDS
            while not is_up():
                assert process.poll() is None, f"{name} ended:\n{read_tail(log)}"
                assert time.monotonic() < end, f"{name} did not start:\n{read_tail(log)}"
                time.sleep(0.1)
            yield log
        finally:
            os.killpg(process.pid, signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                process.wait(STOP_SECONDS)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def missing_requirement(env: Mapping[str, str] = os.environ) -> str | None:
    """Return what this machine lacks for sam local, as a sentence, or None."""
    for command, sentence in (
        (["docker", "info"], "sam local needs Docker, and no Docker engine responds on this machine"),
        (
            ["docker", "image", "inspect", IMAGE],
            f"the runtime image is missing; run `docker pull {IMAGE}`",
        ),
    ):
        try:
            done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)
        except OSError as error:
            return f"{sentence} ({error.strerror}: {error.filename})."
        if done.returncode:
            errors = done.stderr.strip().splitlines() or ["no reason given"]
            return f"{sentence} ({errors[-1]})."
    return None


def port_in_use(host: str) -> str | None:
    """Return the port of the page's commands that another program uses, as a sentence, or None."""
    for port, purpose in PORTS.items():
        if is_listening("127.0.0.1", port) or is_listening(host, port):
            return f"port {port}, which docs/sam-local.md uses for {purpose}, is in use on this machine."
    return None


def is_listening(host: str, port: int) -> bool:
    """Whether a program accepts connections at this address."""
    with socket.socket() as probe:
        return probe.connect_ex((host, port)) == 0
