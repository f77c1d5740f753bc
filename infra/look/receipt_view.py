"""What the page of a receipt shows of each image: values for the template, no I/O."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from infra.look.error_advice import advise
from infra.look.image_types import DRAWN, is_image, type_name
from infra.look.safe_text import show_text
from infra.look.warning_meanings import explain_warning
from intake.model.error_codes import IntakeError
from intake.model.file import Role
from intake.model.object_keys import parse_image_key
from intake.model.outcome import Source
from intake.model.receipt import FailedEntry, Receipt, StoredEntry
from intake.model.url import Url, redact

SOURCES = {
    Source.FETCHED: "downloaded",
    Source.UNCHANGED: "not downloaded again: the origin answered 304",
    Source.FRESH: "not downloaded again: the last response is still fresh",
    Source.KNOWN: "not downloaded: the bucket has the expected SHA-256",
}
_LABELS = {Role.FILE: "Image to inspect", Role.BASE: "Base image", Role.IMAGE: "Image"}
_MAX_NAME = 80
_MAX_SIDE = 100_000
"""Pixels. A receipt that says more is wrong."""

_TINY, _LONG = 48, 6
"""An image with fewer pixels on both sides is shown enlarged; one with a larger ratio of its sides can be scrolled."""


@dataclass(frozen=True, slots=True)
class ImageView:
    """One image of a receipt, stored or failed.

    Attributes:
        anchor: the id of its element: "image-3", by its position in the receipt, from 0.
        label: its role, and its index within the role.
        name: the last part of its URL.
        url: the URL without its query.
        note: the note of the image; empty if it has none.
    """

    anchor: str
    label: str
    name: str
    url: str
    note: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FailedView(ImageView):
    """An image that failed: its entry, and what to do about it."""

    entry: FailedEntry
    status: ClassVar[str] = "failed"

    @property
    def advice(self) -> str:
        return advise(self.entry.error.code) or "See docs/errors.md of the version that wrote the receipt."


@dataclass(frozen=True, slots=True)
class StoredView(ImageView):
    """An image that is stored: its entry, and how its picture is shown."""

    entry: StoredEntry
    status: ClassVar[str] = "stored"

    @property
    def source(self) -> str:
        """How the service learned that it has the bytes."""
        return SOURCES[self.entry.source]

    @property
    def warnings(self) -> dict[str, str]:
        """The meaning of each warning, by its code."""
        return {code: explain_warning(code) for code in self.entry.warnings}

    @property
    def final_url(self) -> str:
        """The URL after redirects; "" if there were none."""
        final = redact(self.entry.final_url)
        return "" if final in {self.url, _normalize(self.url)} else final

    @property
    def type_name(self) -> str:
        """The type for people: "JPEG"."""
        return type_name(self.entry.content_type)

    @property
    def extension(self) -> str:
        """The extension of the key; "" if it is not the key of an image with this digest. A receipt can be forged."""
        digest, extension = parse_image_key(self.entry.key) or ("", "")
        return extension if is_image(extension) and digest == self.entry.sha256 else ""

    @property
    def is_drawn(self) -> bool:
        """Whether every browser draws this type of image."""
        return DRAWN.get(self.extension) == self.entry.content_type

    @property
    def size(self) -> tuple[int, int] | None:
        """Width and height in pixels; None if they cannot be those of a picture."""
        width, height = self.entry.width, self.entry.height
        return (width, height) if 0 < width <= _MAX_SIDE and 0 < height <= _MAX_SIDE else None

    @property
    def shape(self) -> str:
        """How the picture fits its place: "tiny", "tiny upright", "wide", "tall", or "fit" for an ordinary one."""
        width, height = self.size or (_TINY, _TINY)
        if max(width, height) < _TINY:
            return "tiny upright" if height > width else "tiny"
        return "wide" if width > _LONG * height else "tall" if height > _LONG * width else "fit"


type View = StoredView | FailedView


def view_images(receipt: Receipt) -> list[View]:
    """Return the images of a receipt, in its order."""
    return [_view(position, entry) for position, entry in enumerate(receipt.images)]


def _view(position: int, entry: StoredEntry | FailedEntry) -> View:
    label = _LABELS[entry.role] if entry.role is Role.FILE else f"{_LABELS[entry.role]} {entry.index}"
    url = redact(entry.url)
    common = (f"image-{position}", label, _name(url), url, entry.note or {})
    return FailedView(*common, entry) if isinstance(entry, FailedEntry) else StoredView(*common, entry)


def _name(url: str) -> str:
    """Return the last part of a URL's path, or its host; the whole text if it has no scheme."""
    _, slashes, rest = url.partition("://")
    host, _, path = rest.partition("/")
    last = path.rstrip("/").rpartition("/")[2]
    return show_text(last or host or url if slashes else url, _MAX_NAME)


def _normalize(url: str) -> str:
    try:
        return str(Url.parse(url))
    except IntakeError:
        return ""
