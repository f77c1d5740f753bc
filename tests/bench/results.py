"""What was measured: kept as JSON, and told as tables."""

import json
import os
import platform
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from infra.build.template import ROOT

from bench.cases import COMPETITORS, Case
from bench.driver import Run

DIRECTORY = ROOT / ".local" / "bench"
"""Where the figures of this machine are kept: `{subject}.json`."""


def load(subject: str) -> dict[str, Any]:
    """What was measured of a subject; empty where nothing was."""
    file = DIRECTORY / f"{subject}.json"
    found: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
    return found


def save(subject: str, name: str, measured: object) -> None:
    """Keep what was measured under a name, in place of what was there."""
    kept = load(subject) | {name: {"at": f"{datetime.now(UTC):%Y-%m-%dT%H:%MZ}", "on": machine(), "is": measured}}
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    (DIRECTORY / f"{subject}.json").write_text(json.dumps(kept, indent=1))


def save_case(case: Case, taken: Mapping[str, Sequence[Run]]) -> None:
    """Keep every run of a case."""
    save("compare", case.name, {name: [asdict(run) for run in runs] for name, runs in taken.items()})


def machine() -> str:
    """What this was measured on."""
    model = next((line for line in _cpuinfo() if line.startswith("model name")), "").partition(": ")[2]
    return f"{os.cpu_count()} x {model or platform.machine()}, Linux {platform.release()}"


def _cpuinfo() -> list[str]:
    file = Path("/proc/cpuinfo")
    return file.read_text().splitlines() if file.exists() else []


def table(case: Case, taken: Mapping[str, Sequence[Run]]) -> str:
    """A case as a table of medians, in Markdown."""
    lines = [
        f"\n**{case.name}**, {len(next(iter(taken.values())))} runs each",
        "",
        "| | wall ms | lowest to highest | CPU ms per image | servers' CPU | memory MiB |",
        "|---|---|---|---|---|---|",
    ]
    for competitor in COMPETITORS:
        if runs := taken.get(competitor.name):
            walls = [run.wall * 1000 for run in runs]
            cpu, server = (statistics.median(values) for values in zip(*((r.cpu, r.server) for r in runs), strict=True))
            lines.append(
                f"| {competitor.title} | {statistics.median(walls):.0f} | {min(walls):.0f} to {max(walls):.0f} "
                f"| {cpu * 1000 / case.images:.2f} | {server * 1000 / case.images:.2f} "
                f"| {statistics.median(run.memory for run in runs):.0f} |"
            )
    return "\n".join(lines)


def starts_table(starts: Mapping[str, Mapping[str, Sequence[float]]]) -> str:
    """The starts of functions as a table of medians, in Markdown."""
    lines = ["\n**Start**, a File of three images", "", "| | INIT ms | lowest to highest | cold start to answer ms |"]
    lines.append("|---|---|---|---|")
    for name, figures in starts.items():
        init, cold = ([seconds * 1000 for seconds in figures[figure]] for figure in ("init", "cold"))
        spread = f"{min(init):.0f} to {max(init):.0f}"
        lines.append(f"| {name} | {statistics.median(init):.0f} | {spread} | {statistics.median(cold):.0f} |")
    return "\n".join(lines)
