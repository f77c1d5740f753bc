"""Which pictures a page embeds: the bytes of the receipt, up to a limit."""

import base64
import hashlib
from pathlib import Path
from typing import Any

import pytest
from infra.look import pictures
from infra.look.pictures import Picture, embed_pictures, link_pictures
from infra.look.receipt_view import StoredView, view_images
from infra.look.sources import FolderSource

from intake.model.receipt import Receipt
from support.receipt_documents import receipt, stored, write_objects

BODIES = (b"a" * 40, b"b" * 50, b"c" * 10)


def views_of(*entries: dict[str, Any]) -> list[StoredView]:
    views = view_images(Receipt.model_validate(receipt("f", *entries)))
    return [view for view in views if isinstance(view, StoredView)]


@pytest.fixture
def source(tmp_path: Path) -> FolderSource:
    images = [stored("x.png", body) for body in BODIES]
    return FolderSource(write_objects(tmp_path, receipt("f", *images), bodies=BODIES), tmp_path)


def test_embedded_pictures_are_the_first_that_fit(source: FolderSource, monkeypatch: pytest.MonkeyPatch) -> None:
    """A picture that does not fit leaves space for smaller ones after it."""
    monkeypatch.setattr(pictures, "MAX_EMBEDDED_BYTES", 60)

    embedded = embed_pictures(source, views_of(*(stored("x.png", body) for body in BODIES)))

    expected = [f"data:image/png;base64,{base64.b64encode(body).decode()}" for body in BODIES]
    assert [picture.src for picture in embedded.values()] == [expected[0], "", expected[2]]
    assert embedded["image-1"].absence == "Left out: this page embeds at most 60 bytes of images."


@pytest.mark.parametrize(
    ("absence", "members"),
    [
        ("These bytes are not in", {"bytes": 39}),
        ("These bytes are not in", {"bytes": 41, "sha256": hashlib.sha256(b"x").hexdigest()}),
        ("Left out", {"bytes": -1}),
        ("Left out", {"bytes": 0}),
        ("Left out", {"bytes": 10**12}),
    ],
)
def test_bytes_that_are_not_those_of_the_receipt_are_not_embedded(
    source: FolderSource, absence: str, members: dict[str, Any]
) -> None:
    entry = stored("x.png", BODIES[0]) | members
    entry["key"] = f"images/{entry['sha256'][:2]}/{entry['sha256']}.png"

    [picture] = embed_pictures(source, views_of(entry)).values()

    assert picture.src == ""
    assert absence in picture.absence


def test_changed_file_is_not_embedded(source: FolderSource, tmp_path: Path) -> None:
    entry = stored("x.png", BODIES[0])
    (tmp_path / entry["key"]).write_bytes(b"<svg onload=alert(1)>".ljust(40))

    [picture] = embed_pictures(source, views_of(entry)).values()

    assert picture.src == ""


def test_linked_pictures_are_not_read(tmp_path: Path) -> None:
    images = stored("x.png"), stored("x.tiff"), stored("x.png", b"only in the bucket")
    folder = write_objects(tmp_path / "a:b", receipt("f", *images))

    drawn, saved, absent = link_pictures(FolderSource(folder, tmp_path), views_of(*images)).values()

    assert drawn.src == drawn.href
    assert drawn.href.startswith("a%3Ab/images/"), "a colon would make it a URL with a scheme"
    assert (saved.src, saved.href[-5:]) == ("", ".tiff")
    assert absent == Picture(absence=f"This image is not in the folder {folder}.")
