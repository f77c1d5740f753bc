"""Measures decoders: what they detect in damaged images, and what they say of whole ones.

.venv/bin/python tests/bench/decoders.py FOLDER ...
"""

import argparse
import json
import os
import sys
from collections import Counter, defaultdict
from pathlib import Path
from random import Random

HERE = Path(__file__).resolve()
sys.path[:0] = [str(HERE.parents[1]), str(HERE.parents[2] / "functions"), str(HERE.parents[2])]

from bench.decoder_candidates import LIMITS, structure  # noqa: E402
from bench.decoder_corpus import WholeImage, find_whole_images  # noqa: E402 - the path comes first
from bench.decoder_damage import DAMAGES, damage  # noqa: E402
from bench.decoder_process import DecoderProcess  # noqa: E402

FILES_PER_KIND, SEEDS = 40, 2
DAMAGED_BYTES = range(4 * 1024, 1536 * 1024)

READS = {
    "structure": ("jpeg", "gif", "webp", "tiff", "avif"),
    "ours": ("jpeg", "gif", "webp", "tiff", "avif"),
    "pillow": ("jpeg", "gif", "webp", "tiff", "avif"),
    "libvips": ("jpeg", "gif", "webp", "tiff", "avif"),
    "simplejpeg": ("jpeg",),
    "lepton": ("jpeg",),
    "jxl-transcoding": ("jpeg",),
    "imagecodecs-jpeg": ("jpeg",),
    "imagecodecs-webp": ("webp",),
    "imagecodecs-avif": ("avif",),
    "imagecodecs-gif": ("gif",),
    "jpegli": ("jpeg",),
    "jpeglib": ("jpeg",),
    "mozjpeg": ("jpeg",),
    "strict": ("gif", "tiff"),
    "wuffs": ("jpeg", "gif", "webp"),
    "av": ("jpeg", "gif", "webp", "tiff", "avif"),
    "pylibjpeg": ("jpeg",),
}


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("folders", nargs="+", type=Path)
    options.add_argument("--decoders", default="structure,ours,pillow")
    options.add_argument("--list", type=Path, help="kept list of whole images")
    options.add_argument("--out", type=Path, required=True)
    options.add_argument("--kinds")
    options.add_argument("--files", type=int, default=FILES_PER_KIND)
    options.add_argument("--whole", action="store_true", help="judge whole files")
    options.add_argument("--part", default="0/1")
    given = options.parse_args()
    os.nice(10)
    if given.list and given.list.exists():
        images = [WholeImage(Path(path), *rest) for path, *rest in json.loads(given.list.read_text())]
    else:
        images = list(find_whole_images(given.folders, READS["structure"]))
        if given.list:
            given.list.write_text(json.dumps([(str(path), *rest) for path, *rest in images]))
    if given.kinds:
        images = [image for image in images if image.kind in given.kinds.split(",")]
    for decoder in given.decoders.split(","):
        chosen = [image for image in images if image.type in READS[decoder]]
        found = judge_whole(decoder, chosen, given.part) if given.whole else judge_damaged(decoder, chosen, given.files)
        out = given.out.with_name(f"{given.out.stem}-{decoder}{given.part.replace('/', 'of')}.json")
        out.write_text(json.dumps(found))
        print(decoder, "done", flush=True)


def choose(images: list[WholeImage], count: int) -> list[WholeImage]:
    """Choose files of every kind, of a size that decodes fast."""
    by_kind = defaultdict(list)
    for image in images:
        if image.path.stat().st_size in DAMAGED_BYTES:
            by_kind[image.kind].append(image)
    return [
        image for kind, found in sorted(by_kind.items()) for image in Random(kind).sample(found, min(count, len(found)))
    ]


def judge_damaged(decoder: str, images: list[WholeImage], count: int) -> dict:
    process = DecoderProcess(decoder)
    rows: dict[str, dict[str, Counter]] = defaultdict(lambda: defaultdict(Counter))
    texts: dict[str, Counter] = defaultdict(Counter)
    for image in choose(images, count):
        body = image.path.read_bytes()
        for name in DAMAGES:
            for seed in range(SEEDS):
                damaged = damage(body, name, f"{image.path.name} {seed}")
                if structure(damaged, image.type)[0] != "whole":
                    rows[image.kind][name]["structure"] += 1
                    continue
                judged = process.judge(damaged, image.type)
                rows[image.kind][name][judged.verdict] += 1
                texts[image.kind][f"{judged.verdict} {judged.text[:60]}"] += 1
    process.close()
    for kind, row in rows.items():
        print(
            f"{decoder:18}{kind:18}",
            *(
                f"{name}: {100 * (row[name]['damaged'] + row[name]['crash'] + row[name]['structure']) / max(1, row[name].total()):.0f} %"
                for name in DAMAGES
            ),
            {k: v for name in DAMAGES for k, v in row[name].items() if k not in ("whole", "damaged", "structure")},
            sep="  ",
            flush=True,
        )
    Path(f".local/detect/texts-{decoder}.json").write_text(json.dumps(texts, indent=1))
    return {kind: {name: dict(count) for name, count in row.items()} for kind, row in rows.items()}


def judge_whole(decoder: str, images: list[WholeImage], part: str) -> dict:
    number, parts = map(int, part.split("/"))
    process = DecoderProcess(decoder)
    found = {}
    for image in [image for image in images if image.path.stat().st_size <= LIMITS.max_image_bytes][number::parts]:
        judged = process.judge(image.path.read_bytes(), image.type)
        found[str(image.path)] = [image.kind, *judged]
    process.close()
    by_kind = defaultdict(Counter)
    for kind, verdict, *_ in found.values():
        by_kind[kind][verdict] += 1
    for kind, counts in sorted(by_kind.items()):
        print(f"{decoder:18}{kind:18}", dict(counts), flush=True)
    return found


if __name__ == "__main__":
    main()
