"""The figures of `decoders.py` in docs/performance/decoders.json, and the tables of docs/verification.md."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.decoder_candidates import CANDIDATES
from bench.decoder_damage import DAMAGES

PATH = Path(__file__).resolve().parents[2] / "docs" / "performance" / "decoders.json"

type Figures = dict[str, Any]


def read() -> Figures:
    """Return what was measured last: `on`, `at`, `images`, and by decoder `detected`, `whole` and `cost`."""
    found: Figures = json.loads(PATH.read_text()) if PATH.exists() else {"decoders": {}}
    return found


def store(name: str, found: Mapping[str, Any], images: int) -> None:
    """Put the figures of one decoder in place of earlier ones."""
    figures = read()
    figures |= {"at": f"{datetime.now(UTC):%Y-%m-%d}", "images": images}
    figures["decoders"][name] = found
    lines = ",\n".join(f"  {json.dumps(each)}: {json.dumps(row)}" for each, row in figures["decoders"].items())
    rest = "".join(f" {json.dumps(key)}: {json.dumps(value)},\n" for key, value in figures.items() if key != "decoders")
    PATH.write_text(f'{{\n{rest} "decoders": {{\n{lines}\n }}\n}}\n')


def detection_table() -> str:
    """Return the share of damaged images that is refused, by kind and decoder."""
    decoders = read()["decoders"]
    lines = [f"| | files | {' | '.join(DAMAGES)} |", "|---" * (len(DAMAGES) + 2) + "|"]
    for kind in decoders["structure"]["detected"]:
        lines.append(f"| **{kind}** |" + " |" * (len(DAMAGES) + 1))
        for name, candidate in CANDIDATES.items():
            row = decoders.get(name, {}).get("detected", {}).get(kind)
            if row:
                shares = " | ".join(f"{100 * row[damage] / row['files']:.0f} %" for damage in DAMAGES)
                lines.append(f"| {candidate.title} | {row['files']} | {shares} |")
    return "\n".join(lines)


def whole_table() -> str:
    """Return what the decoders say of whole images."""
    lines = [
        "| | whole images | called whole | not sure | called damaged | crash, time or memory |",
        "|---|---|---|---|---|---|",
    ]
    for name, candidate in CANDIDATES.items():
        kinds = read()["decoders"].get(name, {}).get("whole")
        if kinds:
            total = {
                verdict: sum(row.get(verdict, 0) for row in kinds.values())
                for verdict in ("whole", "unsure", "damaged")
            }
            images = sum(sum(row.values()) for row in kinds.values())
            shown = " | ".join(f"{count:,}" for count in (images, *total.values(), images - sum(total.values())))
            lines.append(f"| {candidate.title} | {shown} |")
    return "\n".join(lines)


def cost_table() -> str:
    """Return size, start, speed and memory of the decoders."""
    decoders = {name: row for name, row in read()["decoders"].items() if "cost" in row}
    kinds = list(decoders["ours"]["cost"]["ms_per_megapixel"])
    lines = [f"| | MB unpacked | import ms | {' | '.join(kinds)} |", "|---" * (len(kinds) + 3) + "|"]
    for name, candidate in CANDIDATES.items():
        if name in decoders:
            cost = decoders[name]["cost"]
            cells = [_speed(cost, kind) for kind in kinds]
            lines.append(
                f"| {candidate.title} | {cost['bytes'] / 1e6:.0f} | {cost['import_ms']:.0f} | {' | '.join(cells)} |"
            )
    return "\n".join(lines)


def _speed(cost: Mapping[str, Any], kind: str) -> str:
    speed = cost["ms_per_megapixel"].get(kind, -1)
    return "" if speed < 0 else f"{speed:.0f} ms, {cost['peak_mib'][kind]:.0f} MiB"
