"""A laboratory for `make run`: commands in processes of their own, an origin with numbered images, a folder."""

import gzip
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infra.build.template_file import ROOT

from support.origin import IMAGE, Origin, origin_in_thread
from support.origin.behaviour import Reader, Request, Writer, response_with, send

_SECONDS = 20.0
"""How long the tests wait for something that takes far less."""


def numbered_image(number: str) -> bytes:
    """Return a JPEG with a comment (ITU-T T.81, B.2.4.5), so that every number has its own bytes."""
    text = number.encode()
    return IMAGE[:2] + b"\xff\xfe" + (len(text) + 2).to_bytes(2) + text + IMAGE[2:]


async def _send_numbered(_: Reader, writer: Writer, request: Request) -> None:
    """Answer `/n/{number}` with an image of its own, or with 304 if the client has it."""
    etag = f'"{request.target}"'
    if dict(request.headers).get("If-None-Match") == etag:
        await send(writer, response_with(b"", f"ETag: {etag}", status="304 Not Modified"))
    else:
        await send(writer, response_with(numbered_image(request.target), f"ETag: {etag}"))


@dataclass(slots=True)
class Command:
    """A command that was started.

    Attributes:
        pid: its process id, and that of its process group, which its workers belong to.
        log: the file of its stdout and stderr.
    """

    pid: int
    log: Path
    _lab: "RunLab"

    @property
    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def wait(self) -> int:
        """Wait for the end, and return the exit status."""
        return int(self._lab.ask({"wait": self.pid}))

    def kill(self, number: signal.Signals) -> None:
        """Send a signal to the command alone."""
        os.kill(self.pid, number)

    def kill_group(self, number: signal.Signals) -> None:
        """Send a signal to the command and its workers, as a terminal does."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def is_running(self) -> bool:
        return _group_of(self.pid) != 0

    def members(self) -> list[int]:
        """Return the running processes of the group."""
        return [pid for pid in _running_processes() if _group_of(pid) == self.pid]

    def workers(self) -> list[int]:
        return [pid for pid in self.members() if pid != self.pid]

    def wait_until_nothing_runs(self) -> bool:
        return wait_until(lambda: not self.members())


def wait_until(is_so: Callable[[], object], seconds: float = _SECONDS) -> bool:
    """Wait until a function returns something true; return whether it did in time."""
    end = time.monotonic() + seconds
    while not (found := is_so()) and time.monotonic() < end:
        time.sleep(0.01)
    return bool(found)


def _running_processes() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]


def _group_of(pid: int) -> int:
    """Return the process group of a process; 0 if it has ended."""
    try:
        state, _, group = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:3]
    except OSError:
        return 0
    return 0 if state in "ZX" else int(group)


@dataclass
class RunLab:
    """What a test of `make run` needs.

    Attributes:
        origin: serves `/n/{number}`, a distinct image for each number, and all `BEHAVIOURS`.
        folder: an empty folder for lists.
        out: the folder of results.
        environment: the settings of each command.
    """

    origin: Origin
    folder: Path
    _target: subprocess.Popen[str]
    out: Path = field(init=False)
    environment: dict[str, str] = field(init=False)
    _started: int = 0

    def __post_init__(self) -> None:
        self.out = self.folder / "out"
        allowed = {"ALLOW": "127.0.0.0/8", "ALLOWED_PORTS": str(self.origin.port)}
        self.environment = allowed | {"PROCESSES": "2", "PATH": os.environ["PATH"]}

    def url(self, number: int | str) -> str:
        return self.origin.url(f"n/{number}")

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def write_urls(self, name: str, numbers: Any) -> Path:
        return self.write(name, "".join(f"{self.url(number)}\n" for number in numbers))

    def start(self, path: Path | str, out: Path | str | None = None, *options: str, **settings: str) -> Command:
        """Start `make run` with a list."""
        self._started += 1
        log = self.folder / f"{self._started}.log"
        arguments = [str(path), str(self.out if out is None else out), *options]
        log.touch()
        request = {"arguments": arguments, "environment": self.environment | settings, "log": str(log)}
        return Command(int(self.ask(request)), log, self)

    def run(self, path: Path | str, out: Path | str | None = None, *options: str, **settings: str) -> tuple[int, str]:
        """Run `make run` with a list; return its exit status and its output."""
        command = self.start(path, out, *options, **settings)
        return command.wait(), command.output

    def ask(self, request: dict[str, Any]) -> str:
        assert self._target.stdin is not None
        assert self._target.stdout is not None
        self._target.stdin.write(json.dumps(request) + "\n")
        self._target.stdin.flush()
        return self._target.stdout.readline()

    def requested(self) -> list[str]:
        """Return the targets of the requests so far that had no condition, and forget all requests."""
        requests = list(self.origin.requests)
        del self.origin.requests[: len(requests)]
        return [request.target for request in requests if "If-None-Match" not in dict(request.headers)]


def runs(out: Path) -> list[Path]:
    """Return the folders of the runs, in the order of their records."""
    return sorted((out / "runs").iterdir(), key=lambda path: (path / "run.json").stat().st_mtime_ns)


def rows(run: Path) -> list[dict[str, Any]]:
    """Return the table of a run."""
    parts = sorted((run / "images").glob("*.jsonl.gz"))
    return [json.loads(line) for part in parts for line in gzip.decompress(part.read_bytes()).splitlines()]


def summary(run: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((run / "summary.json").read_bytes())
    return found


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()] if path.exists() else []


def images(out: Path) -> list[Path]:
    return [path for path in (out / "images").rglob("*") if path.is_file()]


def check_folder(out: Path) -> None:
    """Check that every image has the SHA-256 of its name, and that every JSON file is JSON."""
    for path in images(out):
        assert path.stem == hashlib.sha256(path.read_bytes()).hexdigest()
    for name in ("receipts", "known", "runs"):
        for path in (out / name).rglob("*.json"):
            json.loads(path.read_bytes())


@contextmanager
def run_target() -> Iterator[subprocess.Popen[str]]:
    """Run the process that starts commands, until the block ends."""
    paths = [str(ROOT / "functions"), str(ROOT / "tests"), str(ROOT)]
    with subprocess.Popen(
        [sys.executable, "-m", "support.run_target"],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as target:
        yield target


@contextmanager
def run_lab(folder: Path, target: subprocess.Popen[str]) -> Iterator[RunLab]:
    """Serve images until the block ends."""
    with origin_in_thread() as origin:
        origin.responders["n"] = _send_numbered
        yield RunLab(origin, folder, target)
