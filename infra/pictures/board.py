"""Draws the pictures of the demo: a circuit board without and with defects, the same on every run."""

import io
from random import Random

from PIL import Image, ImageDraw, ImageFilter, ImageFont

WIDTH, HEIGHT = 1000, 750
_SCALE = 2  # drawn larger, then reduced: smooth edges

_MASK, _MASK_DARK, _TRACE = (18, 92, 58), (13, 74, 46), (38, 134, 84)
_COPPER, _SOLDER, _SILK = (214, 170, 84), (196, 200, 204), (232, 238, 232)
_BLACK, _BODY, _CERAMIC = (20, 22, 24), (38, 40, 44), (176, 138, 98)

type Color = tuple[int, int, int]


class _Drawing:
    """A drawing in progress. Coordinates are those of the final picture."""

    def __init__(self, seed: int) -> None:
        self.image = Image.new("RGB", (WIDTH * _SCALE, HEIGHT * _SCALE), _MASK)
        self.draw = ImageDraw.Draw(self.image)
        self.random = Random(seed)  # noqa: S311 - positions of vias, no secrets

    def box(self, x: float, y: float, width: float, height: float, fill: Color, radius: float = 3) -> None:  # noqa: PLR0913, PLR0917 - a rectangle is four numbers
        area = (x * _SCALE, y * _SCALE, (x + width) * _SCALE, (y + height) * _SCALE)
        self.draw.rounded_rectangle(area, radius * _SCALE, fill=fill)

    def dot(self, x: float, y: float, radius: float, fill: Color) -> None:
        area = ((x - radius) * _SCALE, (y - radius) * _SCALE, (x + radius) * _SCALE, (y + radius) * _SCALE)
        self.draw.ellipse(area, fill=fill)

    def line(self, points: list[tuple[float, float]], width: float, fill: Color) -> None:
        self.draw.line([(x * _SCALE, y * _SCALE) for x, y in points], fill, round(width * _SCALE), joint="curve")

    def text(self, x: float, y: float, text: str, size: int = 15) -> None:
        font = ImageFont.load_default(size * _SCALE)
        self.draw.text((x * _SCALE, y * _SCALE), text, fill=_SILK, font=font)

    def render(self) -> Image.Image:
        """Reduce the drawing to its final size and light it unevenly, as a camera would."""
        small = self.image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
        light = Image.radial_gradient("L").resize((WIDTH, HEIGHT)).point(lambda level: 30 + level * 70 // 255)
        shaded = Image.composite(Image.new("RGB", small.size, (4, 12, 10)), small, light.point(lambda v: v // 2))
        return shaded.filter(ImageFilter.UnsharpMask(1.2, 60))


def draw_board(*, defects: bool = False, seed: int = 7) -> Image.Image:
    """Draw the circuit board.

    Args:
        defects: omit a resistor, connect two pins with solder, and scratch a trace.
        seed: of the random positions of vias and traces.
    """
    drawn = _Drawing(seed)
    _traces(drawn)
    _chips(drawn, bridged=defects)
    _passives(drawn, missing=2 if defects else None)
    _edge(drawn)
    if defects:
        drawn.line([(632, 588), (668, 622), (690, 628), (731, 667)], 2.2, (206, 196, 170))
    return drawn.render()


def _traces(drawn: _Drawing) -> None:
    for row in range(26):
        y = 40 + row * 27 + drawn.random.uniform(-6, 6)
        x, slope = drawn.random.uniform(30, 200), drawn.random.choice((-1, 1))
        run, step = drawn.random.uniform(150, 420), drawn.random.choice((20, 34, 48))
        end = min(x + run + step + drawn.random.uniform(80, 420), WIDTH - 40)
        path = [(x, y), (x + run, y), (x + run + step, y + slope * step), (end, y + slope * step)]
        drawn.line(path, drawn.random.choice((2.5, 3.5, 5)), _TRACE)
        for at in (path[0], path[-1]):
            drawn.dot(*at, 6, _COPPER)
            drawn.dot(*at, 2.6, _MASK_DARK)


def _chips(drawn: _Drawing, *, bridged: bool) -> None:
    chips = ((150, 130, 220, 150, "U1", "MCU 3211"), (600, 120, 170, 110, "U2", "FLASH 64"))
    for x, y, width, height, name, words in (*chips, (430, 430, 150, 150, "U3", "ADC 18B")):
        drawn.box(x - 22, y - 22, width + 44, height + 44, _MASK_DARK, 8)
        for pin in range(12, int(width) - 10, 18):
            for side in (y - 16, y + height):
                drawn.box(x + pin, side, 8, 16, _SOLDER, 2)
        drawn.box(x, y, width, height, _BODY, 5)
        drawn.dot(x + 16, y + 16, 5, (86, 90, 96))
        drawn.text(x + 30, y + height / 2 - 12, words, 18)
        drawn.text(x + width + 8, y - 22, name, 16)
    if bridged:
        drawn.dot(256, 291, 12, _SOLDER)
        drawn.dot(250, 288, 5, (236, 240, 242))


def _passives(drawn: _Drawing, *, missing: int | None) -> None:
    for number in range(7):
        x, y = 640 + (number % 4) * 84, 330 + (number // 4) * 84
        drawn.box(x - 4, y, 16, 26, _SOLDER, 2)
        drawn.box(x + 40, y, 16, 26, _SOLDER, 2)
        if number != missing:
            drawn.box(x + 6, y, 40, 26, _BLACK, 2)
            drawn.text(x + 12, y + 5, ("103", "472", "220", "101")[number % 4], 13)
        drawn.text(x + 10, y - 24, f"R{number + 1}", 14)
    for number in range(5):
        x, y = 120 + number * 62, 380 + (number % 2) * 40
        drawn.box(x, y, 34, 56, _SOLDER, 3)
        drawn.box(x, y + 12, 34, 32, _CERAMIC, 0)
        drawn.text(x + 4, y - 22, f"C{number + 1}", 14)
    for x, y in ((170, 590), (300, 610)):
        drawn.dot(x, y, 46, (150, 154, 160))
        drawn.dot(x, y, 42, (92, 98, 108))
        drawn.box(x - 30, y - 34, 60, 14, (28, 34, 48), 4)


def _edge(drawn: _Drawing) -> None:
    for pin in range(30):
        drawn.box(60 + pin * 30, HEIGHT - 34, 20, 34, _COPPER, 2)
    for x in (34, WIDTH - 34):
        for y in (34, HEIGHT - 76):
            drawn.dot(x, y, 20, _COPPER)
            drawn.dot(x, y, 12, (8, 10, 10))
    drawn.text(600, 690, "IMAGE-INTAKE  REV C  LOT 7", 20)


def encode(picture: Image.Image, kind: str, **options: int | bool | str) -> bytes:
    """Encode a picture. `kind` is Pillow's name of the format: "JPEG", "PNG", "WEBP" and so on."""
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def draw_pictures() -> dict[str, bytes]:
    """Draw the pictures of the demo: one to inspect, five base images, and one file that is cut in half, by name."""
    inspected, golden, other = draw_board(defects=True), draw_board(), draw_board(seed=11)
    cut = encode(other, "JPEG", quality=88)
    return {
        "inspect.jpg": encode(inspected, "JPEG", quality=90, progressive=True),
        "golden.png": encode(golden.quantize(128), "PNG"),
        "golden.webp": encode(golden, "WEBP", quality=85),
        "golden.avif": encode(golden, "AVIF", quality=70, speed=9),
        "earlier.tiff": encode(other, "TIFF", compression="tiff_lzw"),
        "earlier.gif": encode(other.resize((500, 375)).quantize(64), "GIF"),
        "half.jpg": cut[: len(cut) // 2],
    }
