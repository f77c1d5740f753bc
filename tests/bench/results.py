"""Keeps the measured figures as JSON, and shows them as tables."""

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from infra.build.template import ROOT

from bench.cases import COMPETITORS, Case
from bench.competitor_process import Run

DIRECTORY = ROOT / ".local" / "bench"
"""The figures of this machine: `{subject}.json`."""


def load(subject: str) -> dict[str, Any]:
    """Return the measured figures of a subject; empty where nothing was measured."""
    file = DIRECTORY / f"{subject}.json"
    found: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
    return found


def save(subject: str, name: str, measured: object) -> None:
    """Write figures under a name, in place of earlier ones."""
    kept = load(subject) | {name: {"at": f"{datetime.now(UTC):%Y-%m-%dT%H:%MZ}", "on": machine(), "is": measured}}
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    (DIRECTORY / f"{subject}.json").write_text(json.dumps(kept, indent=1))


def save_case(case: Case, taken: Mapping[str, Sequence[Run]]) -> None:
    """Write every run of a case."""
    save("compare", case.name, {name: [asdict(run) for run in runs] for name, runs in taken.items()})


def machine() -> str:
    """Describe this machine: processors and kernel."""
    model = next((line for line in _cpuinfo() if line.startswith("model name")), "").partition(": ")[2]
    return f"{os.cpu_count()} x {model or platform.machine()}, Linux {platform.release()}"


def _cpuinfo() -> list[str]:
    file = Path("/proc/cpuinfo")
    return file.read_text().splitlines() if file.exists() else []


def table(case: Case, measured: Mapping[str, Any]) -> str:
    """Return a case of the summary as a table of medians, in Markdown."""
    lines = [
        f"**{case.name}**, {measured['runs']} runs each",
        "",
        "| | wall ms | lowest to highest | CPU ms per image | servers' CPU | memory MiB |",
        "|---|---|---|---|---|---|",
    ]
    rows = [(competitor.title, measured["programs"].get(competitor.name)) for competitor in COMPETITORS]
    lines += [
        f"| {title} | {row['wall_ms']:.0f} | {row['wall_min_ms']:.0f} to {row['wall_max_ms']:.0f} "
        f"| {row['cpu_ms']:.2f} | {row['server_ms']:.2f} | {row['memory_mib']:.0f} |"
        for title, row in rows
        if row
    ]
    return "\n".join(lines)


def starts_table(programs: Mapping[str, Mapping[str, float]]) -> str:
    """Return the cold starts of the summary as a table of medians, in Markdown."""
    lines = ["| | INIT ms | lowest to highest | cold start to response ms |", "|---|---|---|---|"]
    for name, row in programs.items():
        spread = f"{row['init_min_ms']:.0f} to {row['init_max_ms']:.0f}"
        lines.append(f"| {name} | {row['init_ms']:.0f} | {spread} | {row['cold_ms']:.0f} |")
    return "\n".join(lines)


def long_life_table(values: Mapping[str, Sequence[float]], files: int, period: int) -> str:
    """Return what a function held at the beginning and at the end of `files` Files, in Markdown."""
    titles = {
        "MiB": "MiB resident",
        "ms per File": "ms per File, mean",
        "sockets": "sockets open",
        "tasks": "asyncio tasks left",
    }
    lines = [f"| | Files {period + 1} to {2 * period} | Files {files - period + 1} to {files} |", "|---|---|---|"]
    lines += [f"| {titles.get(name, name)} | {first:.0f} | {last:.0f} |" for name, (first, last) in values.items()]
    return "\n".join(lines)
