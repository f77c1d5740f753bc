"""The page of a receipt: each picture in its real size, failures as text, in every format and way to open it."""

import os
import stat
from pathlib import Path
from typing import Any

import pytest
from infra.look import image_types
from infra.look.pages import write_receipt_page
from infra.look.sources import FolderSource
from playwright.sync_api import Browser

from intake.image import formats
from intake.model.object_keys import receipt_key
from support.browser.lab import PageLab
from support.browser.measure import pictures
from support.browser.visit import visit

FILES = ("demo", "many", "list", "inspect-failed", "samples-jpeg", "samples-png", "samples-gif", "samples-webp")
FORMATS = [name for name in (f"samples-{type_}" for type_ in formats.FORMATS) if name not in FILES]
NOT_DRAWN = {row.content_type for row in formats.FORMATS.values() if row.extension in image_types.NOT_DRAWN}

UNKNOWN_PROFILE = "avif%3A%20icc%20and%20exif"
"""An AVIF with a color profile that Chromium does not know; it draws no such AVIF."""


def stored(receipt: dict[str, Any]) -> list[dict[str, Any]]:
    return [image for image in receipt["images"] if image["status"] == "stored"]


def drawn_sizes(receipt: dict[str, Any]) -> list[tuple[str, tuple[int, int]]]:
    """Return key and size of each image that browsers draw, as the receipt has them."""
    images = [image for image in stored(receipt) if image["contentType"] not in NOT_DRAWN]
    images = [image for image in images if not image["url"].endswith(UNKNOWN_PROFILE)]
    return [(image["key"], (image["width"], image["height"])) for image in images]


@pytest.mark.parametrize("file_id", [*FILES, *FORMATS])
def test_page_draws_each_picture_in_the_size_of_the_receipt(
    lab: PageLab, browser: Browser, file_id: str, tmp_path: Path
) -> None:
    receipt = lab.receipts[file_id]
    with visit(browser, lab.write_page(file_id, tmp_path), allowed=lab.s3.url) as opened:
        opened.load_pictures()
        found = [picture for picture in pictures(opened.page) if UNKNOWN_PROFILE not in picture.text]

    assert stored(receipt)
    assert drawn_sizes(receipt) == [(picture.key, picture.size) for picture in found]
    assert [picture for picture in found if picture.is_distorted or not picture.text] == []


def test_photo_that_its_exif_data_rotates_is_drawn_upright(lab: PageLab, browser: Browser, tmp_path: Path) -> None:
    """The receipt has the size in the file; the picture is turned, and not pressed into that size."""
    [image] = lab.receipts["upright"]["images"]
    with visit(browser, lab.write_page("upright", tmp_path), allowed=lab.s3.url) as opened:
        opened.load_pictures()
        [found] = pictures(opened.page)

    assert (image["height"], image["width"]) == found.size
    assert not found.is_distorted


@pytest.mark.parametrize("file_id", ["demo", "samples-tiff"])
def test_page_has_a_card_for_a_format_that_is_not_drawn(
    lab: PageLab, browser: Browser, file_id: str, tmp_path: Path
) -> None:
    tiffs = [image for image in stored(lab.receipts[file_id]) if image["contentType"] == "image/tiff"]
    with visit(browser, lab.write_page(file_id, tmp_path), allowed=lab.s3.url) as opened:
        text = opened.page.locator("main").inner_text()
        links = opened.page.locator("a").evaluate_all("links => links.map(link => link.href)")

    assert tiffs
    for image in tiffs:
        assert "TIFF" in text
        assert any(image["key"] in link for link in links)


@pytest.mark.parametrize("file_id", ["demo", "many", "inspect-failed", "all-failed"])
def test_page_shows_code_and_message_of_each_failure(
    lab: PageLab, browser: Browser, file_id: str, tmp_path: Path
) -> None:
    failed = [image for image in lab.receipts[file_id]["images"] if image["status"] == "failed"]
    with visit(browser, lab.write_page(file_id, tmp_path), allowed=lab.s3.url) as opened:
        text = opened.page.locator("main").inner_text()

    assert failed
    for image in failed:
        assert image["error"]["code"] in text
        assert image["error"]["message"] in text


def test_embedded_page_draws_its_pictures_without_the_server(lab: PageLab, browser: Browser, tmp_path: Path) -> None:
    path = lab.write_page("demo", tmp_path, embed=True)

    with visit(browser, path, allowed=None) as opened:
        opened.page.context.set_offline(True)
        opened.page.reload()
        opened.load_pictures()
        found = pictures(opened.page)

    assert [size for _, size in drawn_sizes(lab.receipts["demo"])] == [picture.size for picture in found]
    assert {picture.source[:11] for picture in found} == {"data:image/"}


def test_page_of_a_folder_draws_the_files(lab: PageLab, browser: Browser, tmp_path: Path) -> None:
    """The folder has a name that a URL must escape, and the page is in another folder."""
    folder, pages = tmp_path / os.fsdecode(b"my pictures #1 ?%41 \xff"), tmp_path / "pages"
    lab.copy_images(folder, [*lab.receipts["demo"]["objectKeys"], receipt_key("demo")])
    write_receipt_page(FolderSource(folder, pages), "demo", pages / "demo.html")

    with visit(browser, pages / "demo.html", allowed=folder.as_uri()) as opened:
        opened.load_pictures()
        found = pictures(opened.page)

    assert drawn_sizes(lab.receipts["demo"]) == [(picture.key, picture.size) for picture in found]


def test_page_is_readable_by_its_owner_alone(lab: PageLab, tmp_path: Path) -> None:
    """Presigned URLs are secrets."""
    for embed in (False, True):
        assert stat.S_IMODE(lab.write_page("demo", tmp_path, embed=embed).stat().st_mode) == 0o600


def test_receipts_have_every_format_that_the_service_accepts(lab: PageLab) -> None:
    """The pages above would otherwise prove less than they say."""
    found = {image["contentType"] for file_id in (*FILES, *FORMATS) for image in stored(lab.receipts[file_id])}
    assert {row.content_type for row in formats.FORMATS.values()} == found
