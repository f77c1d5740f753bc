"""The figures of `decoders.py` in docs/performance/decoders.json, and the tables of docs/verification.md."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.decoder_damage import DAMAGES

PATH = Path(__file__).resolve().parents[2] / "docs" / "performance" / "decoders.json"
VERDICTS = {"whole": "called whole", "unsure": "not sure", "damaged": "called damaged"}
OTHER = "crash, error, time or memory"

type Figures = dict[str, Any]


def read() -> Figures:
    """Return what was measured last: `at`, `images`, and by decoder `title`, `detected`, `whole` and `cost`."""
    found: Figures = json.loads(PATH.read_text()) if PATH.exists() else {"decoders": {}}
    return found


def store(name: str, found: Mapping[str, Any], images: int, order: Sequence[str]) -> None:
    """Put the figures of one decoder in place of earlier ones.

    Args:
        name: the decoder.
        found: what was measured.
        images: the number of whole images.
        order: the names of all decoders, as the tables list them.
    """
    measured = read()["decoders"] | {name: found}
    rows = ",\n".join(f"  {json.dumps(each)}: {json.dumps(measured[each])}" for each in order if each in measured)
    head = f' "at": "{datetime.now(UTC):%Y-%m-%d}",\n "images": {images},\n'
    PATH.write_text(f'{{\n{head} "decoders": {{\n{rows}\n }}\n}}\n')


def detection_table() -> str:
    """Return the share of damaged images that is refused, by kind and decoder."""
    decoders = read()["decoders"]
    lines = [f"| | files | {' | '.join(DAMAGES)} |", "|---" * (len(DAMAGES) + 2) + "|"]
    for kind in decoders["structure"]["detected"]:
        lines.append(f"| **{kind}** |" + " |" * (len(DAMAGES) + 1))
        for row in decoders.values():
            if found := row["detected"].get(kind):
                shares = " | ".join(f"{100 * found[damage] / found['files']:.0f} %" for damage in DAMAGES)
                lines.append(f"| {row['title']} | {found['files']} | {shares} |")
    return "\n".join(lines)


def whole_table() -> str:
    """Return what the decoders say of whole images."""
    lines = [f"| | whole images | {' | '.join(VERDICTS.values())} | {OTHER} |", "|---" * (len(VERDICTS) + 3) + "|"]
    for row in read()["decoders"].values():
        if kinds := row.get("whole", {}).values():
            counts = [sum(kind.get(verdict, 0) for kind in kinds) for verdict in VERDICTS]
            images = sum(sum(kind.values()) for kind in kinds)
            shown = (f"{count:,}" for count in (images, *counts, images - sum(counts)))
            lines.append(f"| {row['title']} | {' | '.join(shown)} |")
    return "\n".join(lines)


def cost_table() -> str:
    """Return size, start, speed and memory of the decoders."""
    measured = {row["title"]: row["cost"] for row in read()["decoders"].values() if "cost" in row}
    kinds = list(dict.fromkeys(kind for cost in measured.values() for kind in cost["ms_per_megapixel"]))
    lines = [f"| | MB unpacked | ms to import | {' | '.join(kinds)} |", "|---" * (len(kinds) + 3) + "|"]
    for title, cost in measured.items():
        cells = " | ".join(_speed(cost, kind) for kind in kinds)
        lines.append(f"| {title} | {cost['bytes'] / 1e6:.0f} | {cost['import_ms']:.0f} | {cells} |")
    return "\n".join(lines)


def _speed(cost: Mapping[str, Any], kind: str) -> str:
    speed = cost["ms_per_megapixel"].get(kind, -1)
    return "" if speed < 0 else f"{speed:.0f} ms, {cost['peak_mib'][kind]:.0f} MiB"


def source() -> str:
    """Return when and over how many images the figures were measured."""
    figures = read()
    return f"{figures['images']:,} images, {figures['at']}, other programs running"
