"""Measures `make run` beside img2dataset and Scrapy: whole commands that download one list into a folder in memory.

    .venv/bin/python tests/bench/list_run.py                                  both sizes, under 8 minutes
    .venv/bin/python tests/bench/list_run.py --size 20000 --rounds 1 --only ours img2dataset

The list has 10,000 images of 20 local origins: 5 % fail (404, 500), 1 % are cut (half of them by the origin's own
file), 2 % are slow. In each round each program runs once, in random order, into an empty folder. After each run every
kept file is verified and compared with the image of the origin.
Writes .local/bench/lists.json, which report.py reads, unless an option changes what is measured.
"""

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

HERE = Path(__file__).resolve()
sys.path[:0] = [str(HERE.parents[2]), str(HERE.parents[1]), str(HERE.parents[2] / "functions")]

from infra.build.template_file import ROOT  # noqa: E402 - the path comes first
from infra.command.child_process import Command, read_tail, run_in_background  # noqa: E402
from infra.command.errors import CommandError  # noqa: E402
from infra.command.signals import install_signal_handlers  # noqa: E402

from bench import kept_files, list_figures, results  # noqa: E402
from bench.command_cost import Cost  # noqa: E402
from bench.kept_files import KeptFiles  # noqa: E402
from bench.list_figures import IMAGES, SIZES, ListRun  # noqa: E402
from bench.list_origins import ImageList, ListOrigins, open_origins  # noqa: E402
from bench.list_programs import MAX_ATTEMPTS, PROGRAMS, ListProgram, Task, environment  # noqa: E402

MEMORY = Path("/dev/shm")  # noqa: S108 - the folder in memory that Linux has; the directories in it have random names
FOLDER = results.DIRECTORY / "list-images"
LOG = "output.log"
MAX_SECONDS = 600.0
ROUNDS = 4
_WARM_UP_IMAGES = 400
"""Each program runs once with a short list, so that Python has compiled its modules."""


def run_once(program: ListProgram, images: ImageList, origins: ListOrigins, max_attempts: int) -> ListRun:
    """Run a program from start to end with an empty folder, and examine what it kept.

    Raises:
        CommandError: it failed, or an image is missing that could be had.
    """
    with _directory_in_memory() as home:
        task = Task(images, home, origins.port, max_attempts)
        task.out.mkdir()
        server = origins.nginx.cpu_seconds()
        commands = [[str(program.python), *arguments] for arguments in program.commands(task)]
        cost = measure_commands(commands, environment(program, task), home)
        server = origins.nginx.cpu_seconds() - server
        kept = kept_files.examine(task.out, images)
        problem = _find_problem(program, cost, kept)
        if problem:
            raise CommandError(f"{program.title}: {problem}\n{read_tail(home / LOG)}")
    return ListRun(cost["wall"], cost["cpu"], server, cost["peak_mib"], **asdict(kept))


def measure_commands(commands: Sequence[Sequence[str]], env: Mapping[str, str], home: Path) -> Cost:
    """Run commands at the same time, from start to end; their output goes to `home`/output.log.

    Raises:
        CommandError: they need more than MAX_SECONDS.
    """
    asked, measured, log = home / "commands.json", home / "cost.json", home / LOG
    asked.write_text(json.dumps(commands))
    runner: Command = [sys.executable, HERE.parent / "command_cost.py", asked, measured]
    with run_in_background(runner, env=env, cwd=ROOT, log=log) as process:
        try:
            process.wait(MAX_SECONDS)
        except subprocess.TimeoutExpired:
            raise CommandError(f"not done after {MAX_SECONDS:g} seconds:\n{read_tail(log)}") from None
    cost: Cost = json.loads(measured.read_text())
    return cost


def _find_problem(program: ListProgram, cost: Cost, kept: KeptFiles) -> str:
    if set(cost["statuses"]) != {program.status}:
        return f"exit statuses {cost['statuses']}, expected {program.status}"
    if kept.missing:
        return f"{kept.missing} images are missing"
    if program.keeps_bytes and kept.changed:
        return f"{kept.changed} images have other bytes than the origin's"
    return ""


@contextmanager
def _directory_in_memory() -> Iterator[Path]:
    home = Path(tempfile.mkdtemp(prefix="image-intake-bench-", dir=MEMORY))
    try:
        yield home
    finally:
        shutil.rmtree(home)


def measure(
    programs: Sequence[ListProgram], size: int, images: int, origins: ListOrigins, *, rounds: int, max_attempts: int
) -> dict[str, list[ListRun]]:
    """Return the runs of each program with one list."""
    short, whole = origins.new_list(size, min(images, _WARM_UP_IMAGES)), origins.new_list(size, images)
    for program in programs:
        run_once(program, short, origins, max_attempts)
    runs: dict[str, list[ListRun]] = {program.name: [] for program in programs}
    shuffle = random.Random(size).shuffle
    for _ in range(rounds):
        order = [program for program in programs if len(runs[program.name]) < program.most_runs]
        shuffle(order)
        for program in order:
            runs[program.name].append(run_once(program, whole, origins, max_attempts))
    return runs


def _parse_arguments() -> argparse.Namespace:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--images", type=int, default=IMAGES)
    options.add_argument("--size", type=int, nargs="+", choices=SIZES, default=SIZES)
    options.add_argument("--rounds", type=int, default=ROUNDS)
    options.add_argument("--attempts", type=int, default=MAX_ATTEMPTS, help="how often each program asks for an image")
    options.add_argument("--only", nargs="+", choices=[program.name for program in PROGRAMS], default=[])
    return options.parse_args()


def main() -> int:
    asked = _parse_arguments()
    install_signal_handlers()
    chosen = [program for program in PROGRAMS if program.name in asked.only or not asked.only]
    installed = [program for program in chosen if program.python.exists()]
    for missing in set(chosen) - set(installed):
        print(f"{missing.title}: skipped, {missing.python} is not installed")
    is_standard = not asked.only and asked.images == IMAGES and asked.attempts == MAX_ATTEMPTS
    with tempfile.TemporaryDirectory() as directory, open_origins(Path(directory), FOLDER) as origins:
        for size in asked.size:
            runs = list_figures.as_results(
                measure(installed, size, asked.images, origins, rounds=asked.rounds, max_attempts=asked.attempts)
            )
            if is_standard:
                results.save("lists", list_figures.case_name(size), runs)
            figures = {name: list_figures.of_runs(asked.images, of_program) for name, of_program in runs.items()}
            print(f"\n{list_figures.table(asked.images, size, figures)}", flush=True)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except CommandError as error:
        sys.exit(f"bench: {error}")
