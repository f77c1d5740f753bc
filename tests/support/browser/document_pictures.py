"""The pictures of pages in the documentation: drawn from results that are the same on every machine, and compared.

Fonts differ between machines. So a picture is stale if its page had other headings or panels, or looks very different.
"""

import re
from pathlib import Path
from typing import Any

from infra.build.template_file import ROOT
from PIL import Image, ImageChops, ImageStat
from PIL.PngImagePlugin import PngInfo
from playwright.sync_api import Page

from support.browser.measure import screenshot
from support.browser.visit import Size

FOLDER = ROOT / "docs" / "images"
MAX_BYTES = 250_000
WINDOW, DRAWN_WIDTH = Size(1440, 1200), 1200
TOLERANCE = 12.0
"""Of `difference`. Five other fonts, one of them narrow enough to move whole paragraphs, differ by 9.6 at most."""

_CELLS = (24, 20)
"""Pictures are compared by the mean colors of cells, in which text of other fonts looks nearly the same."""

_EXACT_COLORS = 64
_HEADINGS = "Headings"

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


def headings(page: Page) -> str:
    """Return the text of the header, of all headings and of panels: what a page says is there, in any font."""
    found = page.locator("header, h2, h3, th[scope=col], dt, .panel p").all_inner_texts()
    return "\n".join(text.strip() for text in found)


def draw(page: Page) -> Image.Image:
    """Draw the top of a page, in the size of the documentation."""
    page.evaluate("scrollTo(0, 0)")
    return screenshot(page).resize((DRAWN_WIDTH, DRAWN_WIDTH * WINDOW.height // WINDOW.width), Image.Resampling.LANCZOS)


def save(picture: Image.Image, text: str, path: Path) -> None:
    """Write a PNG with a palette, and with the headings and panels of its page beside the picture."""
    path.parent.mkdir(parents=True, exist_ok=True)
    info = PngInfo()
    info.add_itxt(_HEADINGS, text)
    picture.quantize(palette=_palette(picture), dither=Image.Dither.NONE).save(path, "PNG", optimize=True, pnginfo=info)


def _palette(picture: Image.Image) -> Image.Image:
    """Return a palette that has the most frequent colors as they are: those of surfaces and of text."""
    counted = sorted(picture.getcolors(picture.width * picture.height) or [], reverse=True)
    frequent = [color for _, color in counted[:_EXACT_COLORS] if isinstance(color, tuple)]
    others = picture.quantize(256 - _EXACT_COLORS, Image.Quantize.FASTOCTREE).getpalette() or []
    palette = Image.new("P", (1, 1))
    palette.putpalette([*(level for color in frequent for level in color), *others])
    return palette


def read(path: Path) -> tuple[Image.Image, str]:
    """Read a picture of the documentation, and the headings and panels that its page had."""
    with Image.open(path) as picture:
        return picture.convert("RGB"), str(picture.info.get(_HEADINGS, ""))


def difference(first: Image.Image, second: Image.Image) -> float:
    """Return how much two pictures of one size differ: the mean over their cells, from 0 to 255."""
    small = [picture.resize(_CELLS, Image.Resampling.BOX) for picture in (first, second)]
    means = ImageStat.Stat(ImageChops.difference(*small)).mean
    return sum(means) / len(means)
