"""Compares the image files that a program has kept with the images that the origins have."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.list_origins import ImageList
from intake.image.verify import verify
from intake.model.error_base import IntakeError
from intake.model.limits import Limits

_SUFFIXES = {".jpg", ".jpeg"}


@dataclass(frozen=True, slots=True)
class KeptFiles:
    """What a program has kept.

    Attributes:
        same: distinct images that are byte for byte what the origin means to serve.
        changed: whole images of other bytes: encoded anew.
        damaged: files that are no whole image, and files beyond the number of images that can be had.
        missing: images that can be had and were not kept.
    """

    same: int
    changed: int
    damaged: int
    missing: int


def examine(folder: Path, images: ImageList) -> KeptFiles:
    """Read and verify every image file below a folder."""
    found: set[str] = set()
    changed = refused = 0
    for body in _bodies(folder):
        digest = hashlib.sha256(body).hexdigest()
        if not _is_whole(body):
            refused += 1
        elif digest in images.whole:
            found.add(digest)
        else:
            changed += 1
    kept, wanted = len(found) + changed, len(images.whole)
    return KeptFiles(
        same=len(found), changed=changed, damaged=refused + max(0, kept - wanted), missing=max(0, wanted - kept)
    )


def _bodies(folder: Path) -> Iterator[bytes]:
    return (file.read_bytes() for file in folder.rglob("*") if file.suffix in _SUFFIXES)


def _is_whole(body: bytes) -> bool:
    try:
        verify(body, Limits(), len(body))
    except IntakeError:
        return False
    return True
