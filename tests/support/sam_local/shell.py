"""A terminal, as somebody would have it who types what the page says; and whether this machine can do that at all."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from infra.local.process import tail
from infra.local.sam import quiet
from infra.template import ROOT

IMAGE = "public.ecr.aws/lambda/python:3.13-x86_64"
PORTS = {3000: "the API", 8000: "the pictures", 8333: "the S3"}
START_SECONDS = 60.0
STOP_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Shell:
    """Terminals that share an environment.

    Attributes:
        env: of every command.
        home: where logs are kept.
    """

    env: dict[str, str]
    home: Path

    @classmethod
    def clean(cls, home: Path) -> "Shell":
        """One that knows nothing of this machine's AWS accounts, proxies, or of the make that started us."""
        strange = ("AWS_", "MAKE", "MFLAGS")
        own = {name: value for name, value in os.environ.items() if not name.startswith(strange)}
        # sam asks STS who calls, before everything: here nobody answers, at once, and nothing leaves the machine.
        alone = {
            "AWS_ENDPOINT_URL_STS": "http://127.0.0.1:9",
            "AWS_MAX_ATTEMPTS": "1",
            "NO_PROXY": "*",
            "no_proxy": "*",
        }
        return cls(own | quiet(home / "sam") | alone | {"TMPDIR": str(home)}, home)

    def run(self, script: str, seconds: float = 180) -> str:
        """Run it to its end; what it says on stdout.

        Raises:
            AssertionError: it failed; with what it said on stderr.
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
    def beside(self, script: str, name: str, is_up: Callable[[], bool]) -> Iterator[Path]:
        """Run it in a terminal of its own, until Ctrl-C when the block is left; its log.

        Args:
            script: what is typed.
            name: of the log.
            is_up: whether it can be used.
        """
        log = self.home / f"{name}.log"
        with log.open("wb") as out:
            # A group of its own, as in a terminal: Ctrl-C reaches all that was started there, and nothing else.
            process = subprocess.Popen(
                ["bash", "-euo", "pipefail", "-c", script],
                env=self.env,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        try:
            until = time.monotonic() + START_SECONDS
            while not is_up():
                assert process.poll() is None, f"{name} ended:\n{tail(log)}"
                assert time.monotonic() < until, f"{name} did not start:\n{tail(log)}"
                time.sleep(0.1)
            yield log
        finally:
            os.killpg(process.pid, signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                process.wait(STOP_SECONDS)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def lacking(env: Mapping[str, str] = os.environ) -> str | None:
    """What this machine lacks for sam local, in a sentence; None if nothing."""
    for command, sentence in (
        (["docker", "info"], "sam local needs Docker, and there is none that answers here"),
        (
            ["docker", "image", "inspect", IMAGE],
            f"the image of the runtime is not here; `docker pull {IMAGE}` brings it",
        ),
    ):
        try:
            done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)
        except OSError as error:
            return f"{sentence} ({error.strerror}: {error.filename})."
        if done.returncode:
            said = done.stderr.strip().splitlines() or ["no reason given"]
            return f"{sentence} ({said[-1]})."
    return None


def taken(host: str) -> str | None:
    """Which port of the page's commands somebody else listens on, in a sentence."""
    for port, what in PORTS.items():
        if listens("127.0.0.1", port) or listens(host, port):
            return f"port {port}, which docs/sam-local.md has for {what}, is taken on this machine."
    return None


def listens(host: str, port: int) -> bool:
    """Whether a program takes connections there."""
    with socket.socket() as probe:
        return probe.connect_ex((host, port)) == 0
