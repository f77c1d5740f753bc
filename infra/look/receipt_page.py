"""The page of one receipt: the image to inspect beside its base images, failures in their place."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from infra.look.errors import LookError
from infra.look.html_page import write_page
from infra.look.names import require_file_id
from infra.look.pictures import Picture, embed_pictures, link_pictures
from infra.look.receipt_view import FailedView, StoredView, View, view_images
from infra.look.safe_text import show_text
from infra.look.sources import ResultSource
from intake.model.file import Role
from intake.model.receipt import Receipt

EMBEDDED = "data:"
"""The origin of embedded pictures in the content security policy."""


def write_receipt_page(source: ResultSource, file_id: str, target: Path, *, embed: bool = False) -> None:
    """Write the page of a receipt.

    Args:
        source: where the receipt and its images are.
        file_id: the id of the File.
        target: the page.
        embed: whether the page holds the pictures themselves, so that it can be shared; if not, it links to them.

    Raises:
        LookError: there is no such receipt, it is not a receipt, or the page cannot be written.
    """
    receipt = _validate(_read(source, file_id), file_id)
    images = view_images(receipt)
    stored = [image for image in images if isinstance(image, StoredView)]
    pictures = (embed_pictures if embed else link_pictures)(source, stored)
    write_page(
        "receipt.html",
        target,
        image_origin=EMBEDDED if embed else source.image_origin,
        styles=("style.css", "receipt.css"),
        title=receipt.id,
        receipt=receipt,
        note=receipt.note or {},
        images=images,
        inspected=_inspected(images),
        others=images[1:] if _inspected(images) else images,
        stored=stored,
        failed=[image for image in images if isinstance(image, FailedView)],
        pictures=pictures,
        left_out=_left_out(images, pictures) if embed else [],
        embed=embed,
        source=source,
    )


def _read(source: ResultSource, file_id: str) -> dict[str, Any]:
    require_file_id(file_id)
    if (document := source.receipt(file_id)) is not None:
        return document
    if (problem := source.problem(file_id)) is not None:
        raise LookError(f"{file_id} was refused, so it has no receipt. {_describe(problem)}")
    raise LookError(
        f"{source.description} has no receipts/{file_id}.json. Check the id, and the stack or the folder. The response "
        "to a File has its id; that of a File sent without one is a digest."
    )


def _describe(problem: Mapping[str, Any]) -> str:
    """Return the detail and the first fault of a problem (RFC 9457)."""
    match problem:
        case {"detail": detail, "errors": [{"path": path, "message": message}, *_]}:
            parts = [detail, f"{path}: {message}."]
        case _:
            parts = [problem.get("detail", "")]
    return " ".join(show_text(part, 400) for part in parts)


def _validate(document: Mapping[str, Any], file_id: str) -> Receipt:
    """Parse a receipt. Anybody who may write the bucket can have forged it."""
    try:
        receipt = Receipt.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        path = ".".join(map(str, first["loc"]))
        raise LookError(
            f"receipts/{file_id}.json is not a receipt: {show_text(path, 200)}: {show_text(first['msg'], 200)}."
        ) from None
    if receipt.id != file_id:
        raise LookError(f"receipts/{file_id}.json is not its receipt, but that of {show_text(receipt.id, 200)}.")
    return receipt


def _inspected(images: Sequence[View]) -> View | None:
    """Return the image to inspect; None for a URL list."""
    return images[0] if images and images[0].entry.role is Role.FILE else None


def _left_out(images: Sequence[View], pictures: Mapping[str, Picture]) -> list[View]:
    return [image for image in images if image.anchor in pictures and not pictures[image.anchor].src]
