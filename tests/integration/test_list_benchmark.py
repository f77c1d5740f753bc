"""The benchmark of lists counts what programs keep and what they cost."""

import sys
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest
from infra.command.errors import CommandError

from bench import list_figures, list_run
from bench.command_cost import Cost
from bench.kept_files import KeptFiles, examine
from bench.list_figures import ListRun
from bench.list_origins import HOSTS, ImageList, Kind, ListOrigins, mix_kinds
from bench.list_programs import PROGRAMS, ListProgram, Task, environment

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.nginx_process import Nginx

SIZE = 5_000
NUMBER = 200
WANTED = 188
"""The images of the list that a program can have: all but 10 that fail and 2 that are cut."""


@dataclass(slots=True)
class Server:
    """Counts as a running nginx, which has used one second more at each look."""

    seconds: float = 0.0

    def cpu_seconds(self) -> float:
        self.seconds += 1
        return self.seconds


@pytest.fixture
def origins(tmp_path: Path) -> ListOrigins:
    return ListOrigins(port=9, nginx=cast("Nginx", Server()), folder=tmp_path / "origin")


@pytest.fixture
def images(origins: ListOrigins) -> ImageList:
    return origins.new_list(SIZE, NUMBER)


def program(code: str, *, count: int, status: int) -> ListProgram:
    """Return a program of `count` Python processes; `urls`, `read(url)` and `keep(name, body)` are defined for it."""
    prelude = """
import os, sys, pathlib, time
origin, out, *lists = map(pathlib.Path, sys.argv[1:])
urls = [url for file in lists for url in file.read_text().split()]
def keep(name, body): (out / f"{name}.jpg").write_bytes(body)
def read(url):
    kind, path = url.split("/", 4)[3:]
    folder = origin / "truncated" if kind == "truncated" else origin
    return None if kind in {"not-found", "server-error", "incomplete"} else (folder / path).read_bytes()
"""

    def commands(task: Task) -> list[list[str]]:
        folders = [str(task.home.parent / "origin"), str(task.out)]
        return [["-c", prelude + code, *folders, str(part)] for part in task.write_lists(count)]

    return ListProgram("other", "another program", Path(sys.executable), commands, status)


KEEP_ALL = """
for number, url in enumerate(urls):
    if body := read(url):
        keep(f"{os.getpid()}-{number}", body)
"""


def run(code: str, images: ImageList, origins: ListOrigins, monkeypatch: pytest.MonkeyPatch, **options: int) -> ListRun:
    monkeypatch.setattr(list_run, "MEMORY", origins.folder.parent)
    given = program(code, count=options.get("count", 1), status=options.get("status", 0))
    return list_run.run_once(given, images, origins, max_attempts=1)


@pytest.mark.parametrize(("number", "truncated"), [(200, 1), (1_000, 5), (10_000, 50)])
def test_list_has_the_share_of_each_kind(number: int, truncated: int) -> None:
    assert Counter(mix_kinds(number)) == {
        Kind.WHOLE: 0.92 * number,
        Kind.SLOW: 0.02 * number,
        Kind.NOT_FOUND: 0.025 * number,
        Kind.SERVER_ERROR: 0.025 * number,
        Kind.INCOMPLETE: truncated,
        Kind.TRUNCATED: truncated,
    }


def test_list_names_every_host_equally_and_no_image_twice(images: ImageList) -> None:
    assert set(Counter(url.split(":")[1].strip("/") for url in images.urls).values()) == {NUMBER / len(HOSTS)}
    assert (len(set(images.urls)), len(images.whole)) == (NUMBER, WANTED)


def _changed(body: bytes) -> bytes:
    return body[:20] + b"\xff\xfe\x00\x03\x00" + body[20:]


@pytest.mark.parametrize(
    ("expected", "kept"),
    [
        (KeptFiles(3, 0, 0, 0), lambda whole: whole),
        (KeptFiles(2, 0, 0, 1), lambda whole: whole[1:]),
        (KeptFiles(2, 0, 0, 1), lambda whole: [*whole[1:], whole[1]]),
        (KeptFiles(3, 0, 1, 0), lambda whole: [*whole, whole[0][:-2]]),
        (KeptFiles(3, 0, 1, 0), lambda whole: [*whole, b""]),
        (KeptFiles(2, 0, 1, 1), lambda whole: [*whole[1:], whole[0][: SIZE // 2]]),
        (KeptFiles(2, 0, 1, 1), lambda whole: [*whole[1:], b"<html>500</html>"]),
        (KeptFiles(2, 1, 0, 0), lambda whole: [*whole[1:], _changed(whole[0])]),
        (KeptFiles(3, 1, 1, 0), lambda whole: [*whole, _changed(whole[0])]),
        (KeptFiles(0, 0, 0, 3), lambda _: []),
    ],
)
def test_kept_files_are_compared_with_the_images_of_the_origin(
    expected: KeptFiles, kept: "Callable[[list[bytes]], list[bytes]]", tmp_path: Path, origins: ListOrigins
) -> None:
    images = origins.new_list(SIZE, 3)
    whole = [(origins.folder / str(SIZE) / f"{number}.jpg").read_bytes() for number in range(3)]
    (tmp_path / "kept" / "shard").mkdir(parents=True)
    for number, body in enumerate(kept(whole)):
        (tmp_path / "kept" / "shard" / f"{number}.jpg").write_bytes(body)
    (tmp_path / "kept" / "shard" / "0.json").write_bytes(b"{}")

    assert examine(tmp_path / "kept", images) == expected


def measure(*codes: str, tmp_path: Path) -> Cost:
    return list_run.measure_commands([[sys.executable, "-c", code] for code in codes], {}, tmp_path)


BURN = "import os, sys, time\ndef burn(seconds):\n    while time.process_time() < seconds: pass\n"


@pytest.mark.parametrize(
    "code",
    [
        "burn(0.6)",
        "pid = os.fork()\nburn(0.3)\nif pid: os.wait()",
        # The parent ends first and waits for nothing.
        "if os.fork(): os._exit(0)\nif os.fork(): os._exit(0)\nburn(0.6)",
        f"import subprocess\nsubprocess.run([sys.executable, '-c', {BURN + 'burn(0.6)'!r}])",
    ],
)
def test_cost_has_the_cpu_of_every_process_below_the_command(code: str, tmp_path: Path) -> None:
    cost = measure(BURN + code, tmp_path=tmp_path)

    assert 0.6 <= cost["cpu"] < 1.2
    assert cost["statuses"] == [0]


def test_cost_counts_shared_memory_once_and_that_of_all_commands(tmp_path: Path) -> None:
    hold = "import os, time\nbody = b'x' * 2**26\npid = os.fork()\ntime.sleep(1)\nif pid: os.wait()"
    cost = measure(hold, hold, tmp_path=tmp_path)

    assert 128 <= cost["peak_mib"] < 170


def test_cost_has_the_status_of_each_command(tmp_path: Path) -> None:
    assert measure("raise SystemExit(3)", "pass", tmp_path=tmp_path)["statuses"] == [3, 0]


def is_running(text: str) -> bool:
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it has ended
            if text in file.read_text(errors="replace"):
                return True
    return False


def test_commands_are_ended_when_they_need_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list_run, "MAX_SECONDS", 2)
    with pytest.raises(CommandError, match="not done after 2 seconds"):
        measure(f"import os, time\nos.fork()\ntime.sleep(60)  # {tmp_path}", tmp_path=tmp_path)

    until = time.monotonic() + 10
    while is_running(str(tmp_path)) and time.monotonic() < until:
        time.sleep(0.05)  # a killed process ends at its next time slice
    assert not is_running(str(tmp_path))


@pytest.mark.parametrize("count", [1, 2])
def test_run_counts_damaged_images_that_a_program_keeps(
    count: int, images: ImageList, origins: ListOrigins, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = run(KEEP_ALL, images, origins, monkeypatch, count=count)

    assert (found.same, found.changed, found.damaged, found.missing) == (WANTED, 0, 1, 0)
    assert found.server == 1.0
    assert found.wall > 0
    assert found.cpu > 0
    assert not list(origins.folder.parent.glob("image-intake-bench-*"))


@pytest.mark.parametrize(
    ("problem", "code", "options"),
    [
        ("1 images are missing", "urls.remove(next(url for url in urls if '/whole/' in url))" + KEEP_ALL, {}),
        ("exit statuses [4], expected 0", KEEP_ALL + "sys.exit(4)", {}),
        ("exit statuses [0], expected 1", KEEP_ALL, {"status": 1}),
        (
            "exit statuses [0, 5], expected 0",
            KEEP_ALL + "sys.exit(5 if lists[0].stem.endswith('1') else 0)",
            {"count": 2},
        ),
        (
            "189 images have other bytes",
            "whole = read\ndef read(url):\n    body = whole(url)\n"
            "    return body and body[:20] + bytes([255, 254, 0, 3, 0]) + body[20:] + bytes([255, 217])" + KEEP_ALL,
            {},
        ),
    ],
)
def test_run_fails_when_a_program_did_not_do_the_task(
    problem: str, code: str, options: dict[str, int], origins: ListOrigins, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = origins.new_list(SIZE, NUMBER)
    with pytest.raises(CommandError, match=problem.replace("[", r"\[")):
        run(code, images, origins, monkeypatch, **options)


@pytest.mark.parametrize("each", PROGRAMS, ids=lambda each: each.name)
def test_program_gets_the_whole_list_for_two_processes(each: ListProgram, images: ImageList, tmp_path: Path) -> None:
    task = Task(images, tmp_path, port=9, max_attempts=1)
    given = [*(text for command in each.commands(task) for text in command), *environment(each, task).values()]

    lists = [file for file in tmp_path.glob("urls-*.txt") if any(str(file) in text for text in given)]
    assert sorted(images.urls) == sorted(url for file in lists for url in file.read_text().split())
    assert any(str(task.out) in text for text in given)
    assert len(lists) == 2 or environment(each, task).get("PROCESSES") == "2" or "--processes_count=2" in given


def test_figures_are_medians_of_the_runs() -> None:
    one = ListRun(wall=2.0, cpu=1.0, server=0.5, peak_mib=90.0, same=9, changed=0, damaged=0, missing=0)
    runs = [replace(one, wall=wall, damaged=damaged) for wall, damaged in ((1.0, 0), (2.0, 3), (8.0, 0))]
    results = list_figures.as_results({"ours": runs, "img2dataset": [one]})

    figures = list_figures.of_runs(1_000, results["ours"])
    assert (figures["rate"], figures["rate_min"], figures["rate_max"]) == (500, 125, 1000)
    assert (figures["cpu_ms"], figures["server_ms"], figures["peak_mib"], figures["damaged"]) == (1.0, 0.5, 90, 3)
    assert "| image-intake, `make run` | 500 | 125 to 1,000 | 1.00 |" in list_figures.table(
        1_000, SIZE, {"ours": figures}
    )
    assert list_figures.ratio(results, "ours", "img2dataset", "wall") == 1.0
    assert list_figures.ratio(results, "ours", "scrapy_files", "wall") is None
