"""Draws the pictures of a run. Their content is random, so no stored image of somebody else has the same bytes."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

from PIL import Image

from infra.pictures.board import draw_board, encode
from intake.image.formats import FORMATS
from intake.model.object_keys import image_key

SIZE = (320, 240)
MAX_WHOLE = 3
"""Whole pictures in a File, each in another format."""

_ENCODINGS: dict[str, tuple[str, dict[str, int | bool | str]]] = {
    "jpeg": ("JPEG", {"quality": 85}),
    "png": ("PNG", {}),
    "webp": ("WEBP", {"quality": 80}),
    "gif": ("GIF", {}),
    "tiff": ("TIFF", {"compression": "tiff_lzw"}),
    "bmp": ("BMP", {}),
    "avif": ("AVIF", {"quality": 70, "speed": 9}),
    "jp2": ("JPEG2000", {}),
    "j2c": ("JPEG2000", {"no_jp2": True}),
    "pnm": ("PPM", {}),
    "ico": ("ICO", {}),
}
_PATCH = (16, 16)


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture.

    Attributes:
        name: its name below the folder of the run.
        kind: the format, by its name in IMAGE_TYPES.
        body: its bytes.
        is_whole: whether the service should store it.
    """

    name: str
    kind: str
    body: bytes = field(repr=False)
    is_whole: bool = True

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.body).hexdigest()

    @property
    def key(self) -> str:
        """The key under which the service stores it."""
        return image_key(self.sha256, FORMATS[self.kind])

    @property
    def content_type(self) -> str:
        return FORMATS[self.kind].content_type


def draw(allowed: Sequence[str], base_images: int) -> list[Picture]:
    """Draw whole pictures, then one that is truncated.

    Args:
        allowed: the formats that the stack accepts.
        base_images: how many base images a File may have. The truncated picture and a forbidden address are two.
    """
    number = min(MAX_WHOLE, max(1, base_images - 1))
    kinds = [kind for kind in _ENCODINGS if kind in allowed][:number] or ["jpeg"]
    board = _draw_board()
    whole = [Picture(f"whole-{kind}.{FORMATS[kind].extension}", kind, _encode(board, kind)) for kind in kinds]
    first = whole[0]
    return [
        *whole,
        Picture(f"truncated.{FORMATS[first.kind].extension}", first.kind, _truncate(first.body), is_whole=False),
    ]


def _draw_board() -> Image.Image:
    """Draw a circuit board whose traces and whose lower corner are random."""
    board = draw_board(seed=secrets.randbits(64)).resize(SIZE)
    noise = Image.frombytes("RGB", _PATCH, secrets.token_bytes(3 * _PATCH[0] * _PATCH[1]))
    board.paste(noise.resize((64, 64), Image.Resampling.NEAREST), (SIZE[0] - 64, SIZE[1] - 64))
    return board


def _encode(board: Image.Image, kind: str) -> bytes:
    name, options = _ENCODINGS[kind]
    return encode(board.quantize(128) if kind == "gif" else board, name, **options)


def _truncate(body: bytes) -> bytes:
    return body[: len(body) // 2]
