"""Measures how long parsing (verifying) an image takes, beside hashing and decoding it.

    .venv/bin/python tests/bench/parse_time.py

Prints microseconds for whole images and milliseconds for hostile ones, which make the parsers do the most work.
"""

import sys
from collections.abc import Callable
from functools import partial
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from timeit import Timer

HERE = Path(__file__).resolve()
sys.path[:0] = [str(HERE.parents[1]), str(HERE.parents[2] / "functions")]

from PIL import Image  # noqa: E402

from intake.image.verify import verify  # noqa: E402
from intake.model.error_codes import IntakeError  # noqa: E402 - the path comes first
from intake.model.limits import MIB  # noqa: E402
from support.sample_images import ANY_TYPE, jpeg_of_size, picture  # noqa: E402

LIMITS = ANY_TYPE

BODIES = {
    "jpeg, 150 KB": jpeg_of_size(150 * 1024, seed=1),
    "jpeg, 5 MB": jpeg_of_size(5 * MIB, seed=1),
    "png": picture(250, 200, 1, "png"),
    "gif": picture(420, 360, 1, "gif"),
    "webp": picture(500, 400, 1, "webp"),
    "bmp": picture(250, 200, 1, "bmp"),
    "tiff": picture(250, 200, 1, "tiff"),
    "avif": picture(400, 300, 1, "avif"),
    "heic": picture(400, 300, 1, "heic"),
    "jxl": picture(400, 300, 1, "jxl"),
    "jp2": picture(300, 200, 1, "jp2"),
    "ico": picture(250, 200, 1, "ico"),
    "pnm": picture(250, 200, 1, "pnm"),
    "pnm in ascii": b"P2 5000 2000 255\n" + b"1 " * 10_000_000,
}

HOSTILE = {
    "jpeg of empty segments": b"\xff\xd8" + b"\xff\xfe\0\2" * (5 * MIB),
    "jpeg of fill bytes": b"\xff\xd8" + b"\xff" * (20 * MIB),
    "gif of one-byte sub-blocks": b"GIF89a\1\0\1\0\0\0\0!\xfe" + b"\1a" * (10 * MIB),
    "tiff of 65535 entries": b"II*\0\x08\0\0\0\xff\xff" + b"\xe8\xfd\1\0\1\0\0\0\0\0\0\0" * 65535 + bytes(4),
}


def measure(work: Callable[[], object], repeat: int = 15) -> float:
    """Return the seconds of one call: the best of some rounds of at least a few milliseconds each."""
    timer = Timer(work)
    number = max(1, int(0.005 / max(timer.timeit(1), 1e-7)))
    return min(timer.repeat(repeat, number)) / number


def parse_hostile(body: bytes) -> None:
    try:
        verify(body, LIMITS)
    except IntakeError:
        return


def decode(body: bytes) -> None:
    with Image.open(BytesIO(body)) as opened:
        opened.load()


def main() -> None:
    print(f"{'whole':28}{'KB':>8}{'parse us':>10}{'MB/s':>10}{'sha256 us':>11}{'parse/hash':>12}{'decode us':>11}")
    for name, data in BODIES.items():
        body = bytearray(data)
        parsing, hashing = measure(partial(verify, body, LIMITS)), measure(partial(sha256, body))
        decoding = measure(partial(decode, data), 5)
        speed = len(body) / parsing / 1e6
        print(
            f"{name:28}{len(body) / 1024:8.0f}{parsing * 1e6:10.1f}{speed:10.0f}"
            f"{hashing * 1e6:11.1f}{parsing / hashing:12.2f}{decoding * 1e6:11.0f}"
        )
    print(f"\n{'hostile':28}{'KB':>8}{'parse ms':>10}")
    for name, data in HOSTILE.items():
        print(f"{name:28}{len(data) / 1024:8.0f}{measure(partial(parse_hostile, data), 3) * 1e3:10.1f}")


if __name__ == "__main__":
    main()
