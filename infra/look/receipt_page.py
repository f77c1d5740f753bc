"""The page of one receipt."""

from pathlib import Path

from infra.look.html_page import write_page
from infra.look.sources import Source


def write_receipt_page(source: Source, file_id: str, target: Path, *, embed: bool = False) -> None:
    """Write the page of a receipt.

    Raises:
        LookError: there is no such receipt, or the page cannot be written.
    """
    del embed
    write_page("receipt.html", target, image_origin=source.image_origin, title=file_id, source=source)
