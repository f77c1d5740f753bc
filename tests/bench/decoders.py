"""Measures decoders: what they detect in damaged images, what they say of whole ones, and what they cost.

    .local/bench/decoders/bin/python tests/bench/decoders.py FOLDER ... [--decoders ours,pillow]

Each FOLDER is searched for images. Results go to docs/performance/decoders.json; decoders that are not measured keep
what stands there. `make decoders` then writes docs/verification.md by `report.py --pages`.
"""

import argparse
import json
import os
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from random import Random
from typing import Any

HERE = Path(__file__).resolve()
sys.path[:0] = [str(HERE.parents[1]), str(HERE.parents[2] / "functions"), str(HERE.parents[2])]

from bench import decoder_figures  # noqa: E402 - the path comes first
from bench.decoder_candidates import CANDIDATES, TYPES, check_structure  # noqa: E402
from bench.decoder_corpus import WholeImage, find_whole_images  # noqa: E402
from bench.decoder_cost import measure_cost  # noqa: E402
from bench.decoder_damage import DAMAGES, damage  # noqa: E402
from bench.decoder_process import DecoderProcess  # noqa: E402
from intake.decode.verdict import Verdict  # noqa: E402

FILES_PER_KIND = 40
DAMAGED_BYTES = range(4 * 1024, 1536 * 1024)
"""The sizes of the files that are damaged: larger than a page, and fast to decode."""

type Counts = dict[str, dict[str, int]]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("folders", nargs="+", type=Path)
    options.add_argument("--decoders", default=",".join(CANDIDATES))
    options.add_argument("--files", type=int, default=FILES_PER_KIND, help="files of each kind that are damaged")
    given = options.parse_args()
    os.nice(10)
    images = list(find_whole_images(given.folders, TYPES))
    print(f"{len(images)} whole images", flush=True)
    for name in given.decoders.split(","):
        chosen = [image for image in images if image.type in CANDIDATES[name].types]
        found: dict[str, Any] = {"title": CANDIDATES[name].title}
        found |= {"detected": judge_damaged(name, choose(chosen, given.files))}
        if name != "structure":
            found |= {"whole": judge_whole(name, chosen), "cost": measure_cost(name, images)}
        decoder_figures.store(name, found, len(images), list(CANDIDATES))
        print(name, json.dumps(found), flush=True)


def choose(images: Iterable[WholeImage], count: int) -> list[WholeImage]:
    """Choose some files of every kind. The same files are chosen for every decoder."""
    by_kind = defaultdict(list)
    for image in images:
        if image.path.stat().st_size in DAMAGED_BYTES:
            by_kind[image.kind].append(image)
    samples = (Random(kind).sample(found, min(count, len(found))) for kind, found in sorted(by_kind.items()))
    return [image for sample in samples for image in sample]


def judge_damaged(name: str, images: Sequence[WholeImage]) -> Counts:
    """Count by kind what is refused of each damage, by the structure or else by the decoder.

    Files that the decoder does not read before the damage are left out.
    """
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    process = DecoderProcess(name)
    for image in images:
        body = image.path.read_bytes()
        if process.judge(body, image.type).verdict != Verdict.WHOLE:
            continue
        counts[image.kind]["files"] += 1
        for kind in DAMAGES:
            damaged = damage(body, kind, image.path.name)
            is_refused = check_structure(damaged, image.type)[0] != Verdict.WHOLE
            if not is_refused and name != "structure":
                is_refused = process.judge(damaged, image.type).verdict in {Verdict.DAMAGED, "crash"}
            counts[image.kind][kind] += is_refused
    process.close()
    return {kind: dict(count) for kind, count in counts.items()}


def judge_whole(name: str, images: Sequence[WholeImage]) -> Counts:
    """Count by kind the verdicts of whole images, and print each that is called damaged."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    process = DecoderProcess(name)
    for image in images:
        judged = process.judge(image.path.read_bytes(), image.type)
        counts[image.kind][judged.verdict] += 1
        if judged.verdict not in {Verdict.WHOLE, Verdict.UNSURE}:
            print(f"{name} {judged.verdict} {image.kind} {image.path}: {judged.text}", flush=True)
    process.close()
    return {kind: dict(count) for kind, count in counts.items()}


if __name__ == "__main__":
    main()
