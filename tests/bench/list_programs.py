"""The programs that list_run.py compares, each with the best settings that were found for this list.

Each uses two processes, has 15 seconds for a request, keeps what it gets in a folder, and asks as often as the others.
"""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from infra.build.template_file import ROOT

from bench.cases import OURS
from bench.list_origins import ImageList

PROCESSES = 2
MAX_ATTEMPTS = 3
IMG2DATASET = "img2dataset"

_BENCH = ROOT / ".local" / "bench"
_SECONDS = 15


@dataclass(frozen=True, slots=True)
class Task:
    """A list to download.

    Attributes:
        images: the list.
        home: a directory of this run alone: the lists, and the home directory of the program.
        port: of the origins.
        max_attempts: how often an image is asked for at most.
    """

    images: ImageList
    home: Path
    port: int
    max_attempts: int = MAX_ATTEMPTS

    @property
    def out(self) -> Path:
        """The folder for the images."""
        return self.home / "out"

    def write_lists(self, parts: int) -> list[Path]:
        """Write the list into this number of text files, one URL a line, dealt in turn."""
        files = [self.home / f"urls-{part}.txt" for part in range(parts)]
        for part, file in enumerate(files):
            file.write_text("".join(f"{url}\n" for url in self.images.urls[part::parts]))
        return files


@dataclass(frozen=True, slots=True)
class ListProgram:
    """A program that downloads lists.

    Attributes:
        name: in the results.
        title: in tables.
        python: of its environment.
        commands: returns the arguments of each Python process that is started for a task; all run at the same time.
        status: the exit status of each, with this list.
        variables: of the environment, for a task.
        keeps_bytes: it keeps the bytes that the origin sent.
        most_runs: in one benchmark; for a program that takes long.
    """

    name: str
    title: str
    python: Path
    commands: Callable[[Task], list[list[str]]]
    status: int = 0
    variables: Callable[[Task], Mapping[str, str]] = field(default=lambda _: {})
    keeps_bytes: bool = True
    most_runs: int = 100


def _our_commands(task: Task) -> list[list[str]]:
    return [["-m", "infra.run", *map(str, task.write_lists(1)), str(task.out)]]


def _our_variables(task: Task) -> dict[str, str]:
    return {
        "PYTHONPATH": "functions",
        "PROCESSES": str(PROCESSES),
        "MAX_ATTEMPTS": str(task.max_attempts),
        "ALLOWED_NETWORKS": "127.0.0.0/8",
        "ALLOWED_PORTS": f"80,443,{task.port}",
    }


def _img2dataset_commands(task: Task) -> list[list[str]]:
    """64 threads were faster than 32, 128 and 256; without Exif, which it would parse from each image."""
    settings = {
        "url_list": task.write_lists(1)[0],
        "output_folder": task.out,
        "output_format": "files",
        "processes_count": PROCESSES,
        "number_sample_per_shard": -(-len(task.images.urls) // PROCESSES),
        "thread_count": 64,
        "timeout": _SECONDS,
        "retries": task.max_attempts - 1,
        "resize_mode": "no",
        "disable_all_reencoding": True,
        "extract_exif": False,
    }
    return [["-m", "img2dataset.main", *(f"--{name}={value}" for name, value in settings.items())]]


def _scrapy_commands(pipeline: str) -> Callable[[Task], list[list[str]]]:
    """Scrapy has one process, so each of two gets one half of the list. Log, cookies and telnet console are off.

    16 requests at once to each of 20 hosts were as fast as 8, and faster than 4.
    """

    def commands(task: Task) -> list[list[str]]:
        settings = {
            "ITEM_PIPELINES": json.dumps({pipeline: 1}),
            "FILES_STORE": task.out,
            "IMAGES_STORE": task.out,
            "CONCURRENT_REQUESTS": 1_000,
            "CONCURRENT_REQUESTS_PER_DOMAIN": 16,
            "DOWNLOAD_TIMEOUT": _SECONDS,
            "RETRY_TIMES": task.max_attempts - 1,
            "LOG_ENABLED": False,
            "COOKIES_ENABLED": False,
            "TELNETCONSOLE_ENABLED": False,
        }
        options = [text for name, value in settings.items() for text in ("-s", f"{name}={value}")]
        spider = Path(__file__).parent / "scrapy_spider.py"
        return [
            ["-m", "scrapy", "runspider", str(spider), "-a", f"urls={part}", *options]
            for part in task.write_lists(PROCESSES)
        ]

    return commands


PROGRAMS = (
    ListProgram(
        OURS,
        "image-intake, `make run`",
        _BENCH / "run" / "bin" / "python",
        _our_commands,
        status=1,
        variables=_our_variables,
    ),
    ListProgram(
        IMG2DATASET,
        "img2dataset",
        _BENCH / "img2dataset" / "bin" / "python",
        _img2dataset_commands,
        # A dependency of img2dataset that asks for a newer version of itself.
        variables=lambda _: {"NO_ALBUMENTATIONS_UPDATE": "1"},
    ),
    ListProgram(
        "scrapy_files",
        "Scrapy, FilesPipeline",
        _BENCH / "scrapy" / "bin" / "python",
        _scrapy_commands("scrapy.pipelines.files.FilesPipeline"),
        most_runs=1,
    ),
    ListProgram(
        "scrapy_images",
        "Scrapy, ImagesPipeline",
        _BENCH / "scrapy" / "bin" / "python",
        _scrapy_commands("scrapy.pipelines.images.ImagesPipeline"),
        keeps_bytes=False,
        most_runs=1,
    ),
)


def environment(program: ListProgram, task: Task) -> dict[str, str]:
    """Return the whole environment of a program."""
    return {"PATH": os.environ["PATH"], "HOME": str(task.home), "TMPDIR": str(task.home), **program.variables(task)}
