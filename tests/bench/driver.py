"""Starts the competitors, each in a process and on the packages of its own, and has them run one after the other."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.build.template import ROOT
from infra.command.child_process import read_tail
from infra.command.errors import CommandError

from bench.cases import FILE_IMAGES, Competitor, Scheme
from bench.ground import BUCKET, Ground

PYTHONS = {
    "dev": ROOT / ".venv" / "bin" / "python",
    "bench": ROOT / ".local" / "bench" / "venv" / "bin" / "python",
    "img2dataset": ROOT / ".local" / "bench" / "img2dataset" / "bin" / "python",
}
PROGRAM = Path(__file__).parent / "program.py"

# A File of so many images has to be allowed; everything else of ours is as it is by default.
_OURS = {"IMAGE_BUCKET": BUCKET, "MAX_BASE_IMAGES": str(FILE_IMAGES), "ALLOWED_NETWORKS": "127.0.0.0/8"}


@dataclass(frozen=True, slots=True)
class Run:
    """What one run cost.

    Attributes:
        wall, cpu: seconds; CPU of the process and its children.
        server: seconds of CPU that both ends took meanwhile.
        memory: MiB at the peak beyond what the process had before.
    """

    wall: float
    cpu: float
    server: float
    memory: float


class Program:
    """A competitor that runs."""

    def __init__(self, competitor: Competitor, process: subprocess.Popen[str], ground: Ground, log: Path) -> None:
        """See `started`."""
        self._competitor = competitor
        self._process = process
        self._ground = ground
        self._log = log

    def reopen(self) -> None:
        """Let it close every connection."""
        self._tell({"reopen": True})

    def run(self, urls: list[str], size: int) -> Run:
        """Have it do the job once.

        Raises:
            CommandError: it did not, or not all of it.
        """
        self._ground.stored()
        server = self._ground.cpu_seconds()
        told = self._tell({"run": urls})
        server = self._ground.cpu_seconds() - server
        self._check(len(urls), size)
        return Run(told["wall"], told["cpu"], server, told["peak_mib"] - told["base_mib"])

    def _tell(self, command: dict[str, Any]) -> dict[str, float]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            print(json.dumps(command), file=self._process.stdin, flush=True)
            answer: dict[str, float] = json.loads(self._process.stdout.readline())
        except (OSError, ValueError) as error:
            raise CommandError(f"{self._competitor.name} has ended:\n{read_tail(self._log)}") from error
        return answer

    def _check(self, images: int, size: int) -> None:
        """Ask S3 whether everything is there: the images, and the summary."""
        objects, stored = self._ground.stored()
        summaries = objects - images
        if self._competitor.keeps and (summaries not in {1, images // FILE_IMAGES} or stored <= images * size):
            raise CommandError(
                f"{self._competitor.name} stored {objects} objects of {stored} bytes for {images} images of {size}."
            )


@contextmanager
def started(competitor: Competitor, scheme: Scheme, ground: Ground, home: Path) -> Iterator[Program]:
    """Run a competitor beside us, until the block is left."""
    log = home / f"{competitor.name}-{scheme}.log"
    origins = [str(ground.ports[f"origin_{each}"]) for each in ("http", "https")]
    environment = _OURS | {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "NO_ALBUMENTATIONS_UPDATE": "1",  # img2dataset brings it, and it would ask the world for a newer one
        "AWS_ENDPOINT_URL_S3": ground.endpoint(scheme),
        "AWS_ENDPOINT": ground.endpoint(scheme),  # as obstore calls it
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769",
        "AWS_CA_BUNDLE": str(ground.bundle),
        "SSL_CERT_FILE": str(ground.bundle),
        "ALLOWED_PORTS": ",".join(["80", "443", *origins]),
    }
    with log.open("w") as out:
        process = subprocess.Popen(
            [PYTHONS[competitor.environment], PROGRAM, competitor.name],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=out,
            text=True,
        )
    try:
        yield Program(competitor, process, ground, log)
    finally:
        process.kill()
        process.communicate()
