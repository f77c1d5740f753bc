"""Writes the measured figures into the documentation, and checks that the documentation shows them.

    .venv/bin/python tests/bench/report.py            prints every target and what this machine measured of it
    .venv/bin/python tests/bench/report.py --write    puts what this machine measured into measured.json and the pages
    .venv/bin/python tests/bench/report.py --pages    writes the pages from measured.json and decoders.json alone
    .venv/bin/python tests/bench/report.py --check    names every page that differs from measured.json and cost.py

Exits with 1 where a figure misses its target, or with --check where a page is stale.
"""

import argparse
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

HERE = Path(__file__).resolve()
sys.path[:0] = [str(HERE.parents[2]), str(HERE.parents[1])]

from infra.build.template_file import ROOT  # noqa: E402 - the path comes first

from bench import (  # noqa: E402
    bar_chart,
    cost,
    cost_by_image_size,
    decoder_figures,
    documented_figures,
    known_figures,
    list_figures,
    results,
    speed_goals,
)
from bench.cases import CALLERS_TODAY, CASES, COLD_48, COMPETITORS, OURS, WARM_48, Case  # noqa: E402
from bench.documented_figures import Summary  # noqa: E402
from bench.known_figures import FIRST_FILES, LATER_FILES, SAME_FILE  # noqa: E402

PERFORMANCE, COST, README = ROOT / "docs" / "performance.md", ROOT / "docs" / "cost.md", ROOT / "README.md"
VERIFICATION = ROOT / "docs" / "verification.md"
DRAWINGS = ROOT / "docs" / "performance"
SUBJECTS = ("compare", "known", "lists", "memory", "startup", "load")
DRAWN = (WARM_48, COLD_48)
LOAD_PERIOD = 20


def documentation(measured: Summary) -> dict[Path, str]:
    """Return every file that shows figures, with the text that it should have."""
    pages: dict[Path, str] = {}
    for (page, name), render in BLOCKS.items():
        pages[page] = _with_block(pages.get(page) or page.read_text(), name, render(measured))
    return pages | _drawings(measured["compare"])


def _write_pages(measured: Summary) -> None:
    for path, text in documentation(measured).items():
        path.write_text(text)


def stale(measured: Summary) -> list[Path]:
    """Return the files that do not show these figures."""
    return [path for path, text in documentation(measured).items() if not path.exists() or path.read_text() != text]


def _with_block(text: str, name: str, content: str) -> str:
    """Replace what stands between the markers of a block.

    Raises:
        ValueError: the page has no such block.
    """
    begin, end = f"<!-- measured: {name} -->", "<!-- /measured -->"
    found = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    if not found.search(text):
        raise ValueError(f"no page has the block {begin}")
    return found.sub(lambda _: f"{begin}\n{content}\n{end}", text, count=1)


def _speed(measured: Summary) -> str:
    programs = measured["compare"][WARM_48.name]["programs"]
    best = min((programs[name] for name in CALLERS_TODAY), key=lambda row: row["wall_ms"])
    memory, start = measured["memory"], measured["startup"]["programs"][OURS]
    rows = [
        ("httpx and boto3 with a client for each image: the best of five pools and loops", best),
        ("httpx and boto3 in a thread pool, with one shared client", programs["pool_with_client"]),
        ("aiohttp and aiobotocore, nothing verified", programs["aiohttp_aiobotocore"]),
        ("aiohttp and obstore (Rust), nothing verified", programs["aiohttp_obstore"]),
        ("**image-intake**: every image verified, hashed and stored, the receipt stored", programs[OURS]),
    ]
    lines = [
        "| 48 images of 150 KB in one File, in a warm process | time | CPU per image |",
        "|---|---|---|",
    ]
    lines += [f"| {title} | {row['wall_ms']:,.0f} ms | {row['cpu_ms']:.1f} ms |" for title, row in rows]
    lines.append(f"| image-intake, three images, cold start included | {start['cold_ms']:.0f} ms | |")
    peak = f"{memory['peak_mib']:.0f} MiB"
    lines.append(f"| image-intake, memory at its peak, 1,000 images of 2 MB, function of 512 MB | {peak} | |")
    return "\n".join(lines)


def _comparison(measured: Summary) -> str:
    parts = []
    for case in CASES:
        if found := measured["compare"].get(case.name):
            parts += [results.table(case, found), _source(found)]
            parts += [f"![{_title(case)}](performance/{case.name}-{kind}.svg)" for kind in _kinds(case)]
    return "\n\n".join(parts)


def _ratios(measured: Summary) -> str:
    rows = [f"| {name} | {ratio:.2f} |" for name, ratio in measured["ratios"].items()]
    return "\n".join(["| medians; image-intake divided by the other where two are named | |", "|---|---|", *rows])


def _known(measured: Summary) -> str:
    found = measured["known"][SAME_FILE]
    return f"{known_figures.same_file_table(found['places'])}\n\n{_source(found)}, {found['rounds']} rounds"


def _unknown(measured: Summary) -> str:
    found = {name: measured["known"][name] for name in (FIRST_FILES, LATER_FILES)}
    later = found[LATER_FILES]
    pairs = f"{later['pairs']} pairs of environments, {later['files']} later Files in each"
    return f"{known_figures.added_table(found)}\n\n{_source(later)}, {pairs}"


def _lists(measured: Summary) -> str:
    parts = []
    for size in list_figures.SIZES:
        if found := measured["lists"].get(list_figures.case_name(size)):
            parts += [list_figures.table(list_figures.IMAGES, size, found["programs"]), _source(found)]
    return "\n\n".join(parts)


def _start(measured: Summary) -> str:
    return f"{results.starts_table(measured['startup']['programs'])}\n\n{_source(measured['startup'])}"


def _memory(measured: Summary) -> str:
    memory = measured["memory"]
    names = {"imports_mib": "imports", "budget_mib": "budget for image bodies", "peak_mib": "peak"}
    lines = ["| | MiB |", "|---|---|", *(f"| {title} | {memory[name]:.0f} |" for name, title in names.items())]
    return "\n".join([*lines, "", _source(memory)])


def _long_life(measured: Summary) -> str:
    load = measured["load"]
    return f"{results.long_life_table(load['values'], load['files'], LOAD_PERIOD)}\n\n{_source(load)}"


def _rate(measured: Summary) -> str:
    seconds = measured["compare"][WARM_48.name]["programs"][OURS]["wall_ms"] / 1000
    rate = round(WARM_48.images / seconds, -1)
    return (
        f"One function of image-intake stores about {rate:.0f} images per second, with 48 images in a File and 70 ms\n"
        "for origin and S3 together. A bulk run uses 32 functions at once."
    )


def _source(found: Mapping[str, str]) -> str:
    return f"{found['on']}, {found['at']}"


def _drawings(compared: Mapping[str, Summary]) -> dict[Path, str]:
    return {
        DRAWINGS / f"{case.name}-{kind}.svg": bar_chart.bars(
            f"{_title(case)}: {told}", "ms", _bars(compared, case, kind)
        )
        for case in DRAWN
        for kind, told in _kinds(case).items()
    }


def _kinds(case: Case) -> dict[str, str]:
    return {"wall": "wall time", "cpu": "CPU per image"} if case in DRAWN else {}


def _title(case: Case) -> str:
    how = "cold connections over TLS" if case.cold else f"warm, {case.scheme}"
    return f"{case.images} images of {case.size // 1000} KB, {how}"


def _bars(compared: Mapping[str, Summary], case: Case, kind: str) -> list[bar_chart.Bar]:
    rows = [(each, compared[case.name]["programs"].get(each.name)) for each in COMPETITORS]
    return [
        bar_chart.Bar(
            each.title, row[f"{kind}_ms"], row[f"{kind}_min_ms"], row[f"{kind}_max_ms"], own=each.name == OURS
        )
        for each, row in rows
        if row
    ]  # fmt: skip


BLOCKS: dict[tuple[Path, str], Callable[[Summary], str]] = {
    (README, "speed"): _speed,
    (PERFORMANCE, "ratios"): _ratios,
    (PERFORMANCE, "known images"): _known,
    (PERFORMANCE, "unknown images"): _unknown,
    (PERFORMANCE, "lists"): _lists,
    (PERFORMANCE, "start"): _start,
    (PERFORMANCE, "memory"): _memory,
    (PERFORMANCE, "long life"): _long_life,
    (PERFORMANCE, "rate"): _rate,
    (PERFORMANCE, "bill"): lambda measured: cost_by_image_size.table(measured["compare"]),
    (PERFORMANCE, "comparison"): _comparison,
    (COST, "cost"): lambda _: cost.tables(),
    (COST, "inputs"): lambda _: cost.inputs(),
    (VERIFICATION, "detection"): lambda _: f"{decoder_figures.detection_table()}\n\n{decoder_figures.source()}",
    (VERIFICATION, "whole images"): lambda _: decoder_figures.whole_table(),
    (VERIFICATION, "decoder cost"): lambda _: decoder_figures.cost_table(),
}
"""Every generated part of the documentation: its page and name, and the function that renders it."""


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--write", action="store_true")
    options.add_argument("--pages", action="store_true")
    options.add_argument("--check", action="store_true")
    chosen = options.parse_args()
    if chosen.check:
        outdated = stale(documented_figures.read())
        print("\n".join(f"{path.relative_to(ROOT)} is stale: run report.py --write" for path in outdated))
        return 1 if outdated else 0
    if chosen.pages:
        _write_pages(documented_figures.read())
        return 0
    found = {subject: results.load(subject) for subject in SUBJECTS}
    if chosen.write:
        measured = documented_figures.updated(documented_figures.read(), found)
        documented_figures.write(measured)
        _write_pages(measured)
    print(speed_goals.table(found))
    return 1 if any("missed" in target.verdict(found) for target in speed_goals.TARGETS) else 0


if __name__ == "__main__":
    sys.exit(main())
