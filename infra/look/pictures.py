"""The picture of each image on a page: a URL, the bytes themselves, or why there is none."""

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from infra.look.figures import format_bytes
from infra.look.image_types import DRAWN
from infra.look.receipt_view import StoredView
from infra.look.sources import ResultSource

MAX_EMBEDDED_BYTES = 48 * 1000 * 1000
"""The images that one page embeds, together; base64 makes a third more of them."""


@dataclass(frozen=True, slots=True)
class Picture:
    """What a page shows of a stored image.

    Attributes:
        src: the URL of the picture, which may be a data: URL; "" if the page does not show it.
        href: the URL of the object, to open or to save it; "" if there is none.
        absence: why the page does not show it.
    """

    src: str = ""
    href: str = ""
    absence: str = ""


def link_pictures(source: ResultSource, images: Iterable[StoredView]) -> dict[str, Picture]:
    """Return pictures that the browser reads from where they are stored, by the anchor of the image."""
    return {image.anchor: _link(source, image) for image in images}


def _link(source: ResultSource, image: StoredView) -> Picture:
    if not image.extension:
        return _not_an_image()
    url = source.image_url(image.entry.key)
    if not url:
        return Picture(absence=f"This image is not in {source.description}.")
    return Picture(src=url, href=url) if image.is_drawn else Picture(href=url, absence=_not_drawn(image))


def embed_pictures(source: ResultSource, images: Iterable[StoredView]) -> dict[str, Picture]:
    """Read the pictures and return them as data: URLs, at most MAX_EMBEDDED_BYTES, by the anchor of the image.

    Raises:
        LookError: an image cannot be read.
    """
    pictures, left = {}, MAX_EMBEDDED_BYTES
    for image in images:
        pictures[image.anchor] = picture = _embed(source, image, left)
        left -= image.entry.bytes if picture.src else 0
    return pictures


def _embed(source: ResultSource, image: StoredView, left: int) -> Picture:
    entry = image.entry
    if not image.extension:
        return _not_an_image()
    if not image.is_drawn:
        return Picture(absence=_not_drawn(image))
    if not 0 < entry.bytes <= left:
        return Picture(absence=f"Left out: this page embeds at most {format_bytes(MAX_EMBEDDED_BYTES)} of images.")
    body = source.read_image(entry.key, max_bytes=entry.bytes)
    if body is None or hashlib.sha256(body).hexdigest() != entry.sha256:
        return Picture(absence=f"These bytes are not in {source.description} (any more).")
    return Picture(src=f"data:{DRAWN[image.extension]};base64,{base64.b64encode(body).decode()}")


def _not_an_image() -> Picture:
    return Picture(absence="The key in the receipt is not that of an image with this SHA-256.")


def _not_drawn(image: StoredView) -> str:
    return f"Browsers do not draw {image.type_name}."
