"""Starts each competitor in its own process and virtual environment, and tells it when to run."""

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.build.template_file import ROOT
from infra.command.child_process import read_tail
from infra.command.errors import CommandError

from bench.allocator_variables import allocator_variables
from bench.cases import FILE_IMAGES, OURS, Competitor, Scheme
from bench.nginx_lab import BUCKET, NginxLab
from bench.request_counts import Counts, total

PYTHONS = {
    "dev": ROOT / ".venv" / "bin" / "python",
    "bench": ROOT / ".local" / "bench" / "venv" / "bin" / "python",
    "img2dataset": ROOT / ".local" / "bench" / "img2dataset" / "bin" / "python",
}
RUNNER = Path(__file__).parent / "competitor_runner.py"

# Ours needs a limit above the largest File; every other setting has its default.
_OURS = {"IMAGE_BUCKET": BUCKET, "MAX_BASE_IMAGES": str(FILE_IMAGES), "ALLOWED_NETWORKS": "127.0.0.0/8"}


@dataclass(frozen=True, slots=True)
class Run:
    """The cost of one run.

    Attributes:
        wall: seconds.
        cpu: seconds of CPU of the process and its children.
        server: seconds of CPU of the origin and the S3 stand-in.
        memory: MiB at the peak, less the memory before the run.
    """

    wall: float
    cpu: float
    server: float
    memory: float


class CompetitorProcess:
    """A running competitor; `start_competitor` makes one."""

    def __init__(self, competitor: Competitor, process: subprocess.Popen[str], lab: NginxLab, log: Path) -> None:
        self._competitor = competitor
        self._process = process
        self._lab = lab
        self._log = log

    def reopen(self) -> None:
        """Make the competitor close its connections and open new clients."""
        self._send({"reopen": True})

    def run(self, urls: list[str], size: int) -> Run:
        """Make the competitor store the images once.

        Raises:
            CommandError: the competitor ended, or did not store everything.
        """
        run, counts = self.run_and_count(urls)
        self._check_stored(counts, len(urls), size)
        return run

    def run_and_count(self, urls: list[str]) -> tuple[Run, Counts]:
        """Make the competitor run once; return its cost and the requests that the servers counted.

        Raises:
            CommandError: the competitor ended.
        """
        self._lab.read_counts()
        server = self._lab.cpu_seconds()
        cost = self._send({"run": urls})
        server = self._lab.cpu_seconds() - server
        run = Run(cost["wall"], cost["cpu"], server, cost["peak_mib"] - cost["base_mib"])
        return run, self._lab.read_counts()

    def _send(self, command: dict[str, Any]) -> dict[str, float]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            print(json.dumps(command), file=self._process.stdin, flush=True)
            response: dict[str, float] = json.loads(self._process.stdout.readline())
        except (OSError, ValueError) as error:
            raise CommandError(f"{self._competitor.name} has ended:\n{read_tail(self._log)}") from error
        return response

    def _check_stored(self, counts: Counts, images: int, size: int) -> None:
        """Compare what the S3 stand-in counted with the images and the summary."""
        stored, written = total(counts, "s3 PUT images"), total(counts, "s3 bytes put")
        summaries = total(counts, "s3 PUT") - stored - total(counts, "s3 PUT known")
        is_complete = stored == images and summaries in {1, images // FILE_IMAGES} and written > images * size
        if self._competitor.keeps and not is_complete:
            raise CommandError(
                f"{self._competitor.name}, {images} images of {size} bytes: the servers counted {counts}."
            )


@contextmanager
def start_competitor(
    competitor: Competitor, scheme: Scheme, lab: NginxLab, home: Path, settings: Mapping[str, str] | None = None
) -> Iterator[CompetitorProcess]:
    """Start a competitor, and end it with the block.

    Args:
        competitor: the program.
        scheme: how it reaches the origin and S3.
        lab: both servers.
        home: the directory of its log.
        settings: environment variables beside those that every competitor gets.
    """
    origins = [str(lab.ports[f"origin_{each}"]) for each in ("http", "https")]
    environment = _OURS | {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "NO_ALBUMENTATIONS_UPDATE": "1",  # a dependency of img2dataset that asks for a newer version of itself
        "AWS_ENDPOINT_URL_S3": lab.endpoint(scheme),
        "AWS_ENDPOINT": lab.endpoint(scheme),  # the name that obstore reads
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769",
        "AWS_CA_BUNDLE": str(lab.bundle),
        "SSL_CERT_FILE": str(lab.bundle),
        "ALLOWED_PORTS": ",".join(["80", "443", *origins]),
        **(allocator_variables() if competitor.name == OURS else {}),
        **(settings or {}),
    }
    with tempfile.NamedTemporaryFile("w", dir=home, prefix=f"{competitor.name}-", suffix=".log", delete=False) as out:
        process = subprocess.Popen(
            [PYTHONS[competitor.environment], RUNNER, competitor.name],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=out,
            text=True,
        )
    try:
        yield CompetitorProcess(competitor, process, lab, Path(out.name))
    finally:
        process.kill()
        process.communicate()
