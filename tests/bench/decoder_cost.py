"""Measures what a decoder costs: bytes on disk, time to import it, time for a megapixel, and memory."""

import resource
import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, files
from io import BytesIO
from pathlib import Path
from statistics import median
from typing import Any

from PIL import Image

from bench.decoder_candidates import CANDIDATES
from bench.decoder_corpus import WholeImage
from bench.decoder_process import DecoderProcess
from intake.decode.verdict import Verdict

SIZE = 4000, 3000
ROUNDS = 3
SAVED: dict[str, tuple[str, dict[str, Any]]] = {
    "jpeg baseline": ("JPEG", {"quality": 90}),
    "jpeg progressive": ("JPEG", {"quality": 90, "progressive": True}),
    "gif": ("GIF", {}),
    "webp lossy": ("WEBP", {"quality": 85, "method": 1}),
    "webp lossless": ("WEBP", {"lossless": True, "method": 0, "quality": 0}),
    "tiff LZW": ("TIFF", {"compression": "tiff_lzw"}),
    "tiff Deflate": ("TIFF", {"compression": "tiff_adobe_deflate"}),
    "tiff JPEG": ("TIFF", {"compression": "jpeg"}),
    "avif": ("AVIF", {"speed": 10, "quality": 70}),
}


def measure_cost(name: str, images: Sequence[WholeImage]) -> dict[str, Any]:
    """Return `bytes`, `import_ms`, and by kind `ms_per_megapixel` and `peak_mib` for a photo of 12 megapixels."""
    candidate = CANDIDATES[name]
    photo = _load_photo(images)
    speed, peak = {}, {}
    for kind, (format_, options) in SAVED.items():
        image_type = kind.split()[0]
        if image_type in candidate.types:
            target = BytesIO()
            photo.save(target, format_, **options)
            speed[kind], peak[kind] = _measure(name, target.getvalue(), image_type)
    return {
        "bytes": sum(map(_count_bytes, candidate.packages)),
        "import_ms": round(_measure_import(candidate.module)),
        "ms_per_megapixel": speed,
        "peak_mib": peak,
    }


def _load_photo(images: Sequence[WholeImage]) -> Image.Image:
    """Return the largest photo that is a baseline JPEG, at the same size everywhere."""
    photos = [image for image in images if image.kind == "jpeg baseline"]
    largest = max(photos, key=lambda image: (image.path.stat().st_size, image.path))
    with Image.open(largest.path) as photo:
        return photo.convert("RGB").resize(SIZE)


def _measure(name: str, body: bytes, image_type: str) -> tuple[float, float]:
    """Return milliseconds of CPU for a megapixel and MiB at the peak; -1 if the decoder does not read it."""
    process = DecoderProcess(name)
    result = [process.check(body, image_type) for _ in range(ROUNDS)]
    process.close()
    if result[0].verdict != Verdict.WHOLE:
        return -1, -1
    megapixels = SIZE[0] * SIZE[1] / 1e6
    return round(median(each.cpu for each in result[1:]) * 1000 / megapixels, 1), round(result[-1].peak)


def _count_bytes(package: str) -> int:
    try:
        found = files(package) or []
    except PackageNotFoundError:
        return 0
    return sum(Path(file.locate()).stat().st_size for file in found if Path(file.locate()).is_file())


def _measure_import(module: str) -> float:
    """Return the milliseconds that an import adds to the start of Python."""
    paths = f"import sys; sys.path[:0] = {sys.path[:3]!r}"
    times = {text: min(_time_python(text) for _ in range(ROUNDS)) for text in (paths, f"{paths}; import {module}")}
    without, with_it = times.values()
    return (with_it - without) * 1000


def _time_python(text: str) -> float:
    """Return the seconds of CPU that a program takes: other programs on the machine change them least."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", text], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
