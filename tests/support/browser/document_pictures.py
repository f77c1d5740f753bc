"""The pictures of pages in the documentation: drawn from results that are the same on every machine, and compared."""

import io
import re
from pathlib import Path
from typing import Any

from infra.build.template_file import ROOT
from PIL import Image, ImageChops, ImageStat

FOLDER = ROOT / "docs" / "images"
MAX_BYTES = 250_000
_COLORS = 128
_CELLS = (48, 36)
"""Pictures are compared by the mean colors of cells, in which text of other fonts looks nearly the same."""

_SITE = re.compile(r"http://127\.0\.0\.1:\d+")
_TIMES = (87, 64, 71, 93, 58, 66, 62, 55)
_CREATED_AT = "2026-11-22T12:00:00Z"


def with_fixed_values(receipt: dict[str, Any]) -> dict[str, Any]:
    """Return a receipt with times, host and bucket that do not depend on the machine."""
    images = []
    for number, image in enumerate(receipt["images"]):
        changed = image | {"url": _SITE.sub("https://images.example", image["url"])}
        if "finalUrl" in image:
            changed["finalUrl"] = _SITE.sub("https://images.example", image["finalUrl"])
        images.append(changed | {"elapsedMs": _TIMES[number % len(_TIMES)]})
    fixed = {"createdAt": _CREATED_AT, "elapsedMs": 412, "bucket": "example-images", "id": "lot-7-cam-2"}
    return receipt | fixed | {"images": images}


def encode(picture: Image.Image) -> bytes:
    """Encode a screenshot as a PNG with a palette."""
    out = io.BytesIO()
    picture.quantize(_COLORS, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
    return out.getvalue()


def difference(first: Image.Image, second: Image.Image) -> float:
    """Return how much two pictures differ: the mean over their cells, from 0 to 255. Other sizes are 255."""
    if first.size != second.size:
        return 255.0
    small = [picture.convert("RGB").resize(_CELLS, Image.Resampling.BOX) for picture in (first, second)]
    means = ImageStat.Stat(ImageChops.difference(*small)).mean
    return sum(means) / len(means)


def read(path: Path) -> Image.Image:
    """Read a picture of the documentation."""
    with Image.open(path) as picture:
        return picture.convert("RGB")
