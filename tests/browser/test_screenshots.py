"""Screenshots, kept in .local/browser/, and the pictures in docs/images/, which must show what the pages are."""

import json
import os
from collections.abc import Callable
from contextlib import chdir
from pathlib import Path

import pytest
from infra.look.pages import write_receipt_page, write_run_page
from infra.look.sources import FolderSource
from PIL import Image, ImageDraw
from playwright.sync_api import Browser

from intake.model.object_keys import receipt_key
from support.browser.document_pictures import (
    DRAWN_WIDTH,
    FOLDER,
    MAX_BYTES,
    TOLERANCE,
    WINDOW,
    difference,
    draw,
    headings,
    read,
    save,
    with_fixed_values,
)
from support.browser.lab import PageLab
from support.browser.measure import screenshot
from support.browser.run_folder import RUN, write_run
from support.browser.visit import DESKTOP, PHONE, Scheme, Size, visit


@pytest.fixture(scope="session")
def demo_page(lab: PageLab, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of the demo's File, the same on every machine."""
    folder = tmp_path_factory.mktemp("demo")
    receipt = with_fixed_values(lab.receipts["demo"])
    lab.copy_images(folder, receipt["objectKeys"])
    document = folder / receipt_key(receipt["id"])
    document.parent.mkdir()
    document.write_text(json.dumps(receipt))
    write_receipt_page(FolderSource(folder, folder), receipt["id"], folder / "receipt.html", embed=True)
    return folder / "receipt.html"


@pytest.fixture(scope="session")
def run_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a run into a folder that is named as the documentation names it: the page shows its path."""
    home, folder = tmp_path_factory.mktemp("run"), Path("pictures")
    with chdir(home):
        write_run(folder, 20_000)
        write_run_page(FolderSource(folder, folder), RUN, folder / "run.html")
    return home / folder / "run.html"


@pytest.fixture(params=["demo_page", "run_page"], ids=["receipt", "run"])
def page_path(request: pytest.FixtureRequest) -> Path:
    path: Path = request.getfixturevalue(request.param)
    return path


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_screenshots_are_kept(browser: Browser, page_path: Path, screenshots: Path, size: Size, scheme: Scheme) -> None:
    with visit(browser, page_path, size=size, scheme=scheme, allowed=page_path.parent.as_uri()) as opened:
        opened.load_pictures()
        opened.page.evaluate("scrollTo(0, 0)")
        picture = screenshot(opened.page, whole=True)
    picture.save(screenshots / f"{page_path.stem}-{size.width}-{scheme}.png")

    assert picture.width == size.width
    assert picture.height >= size.height


def test_picture_of_the_documentation_shows_the_page(browser: Browser, page_path: Path) -> None:
    """`make browser UPDATE=1` draws it again."""
    path = FOLDER / f"{page_path.stem}.png"
    with visit(browser, page_path, size=WINDOW, allowed=page_path.parent.as_uri()) as opened:
        opened.load_pictures()
        fresh, text = draw(opened.page), headings(opened.page)
    if os.environ.get("UPDATE"):
        save(fresh, text, path)
    drawn, drawn_text = read(path)

    assert path.stat().st_size <= MAX_BYTES
    assert drawn.width == DRAWN_WIDTH
    assert drawn_text == text, f"{path.name} is stale: run `make browser UPDATE=1`"
    assert difference(drawn, fresh) < TOLERANCE, f"{path.name} is stale: run `make browser UPDATE=1`"


def blank(picture: Image.Image) -> None:
    """Remove a part of the picture, as if a board were missing."""
    width, height = picture.size
    ImageDraw.Draw(picture).rectangle((0, height // 2, width // 2, height * 9 // 10), fill="white")


def invert(picture: Image.Image) -> None:
    picture.paste(picture.point(lambda level: 255 - level))


def move(picture: Image.Image) -> None:
    """Move everything down, as a new line at the top would."""
    picture.paste(picture.copy(), (0, 40))


@pytest.mark.parametrize(
    ("name", "change"), [("receipt", blank), ("receipt", move), ("receipt", invert), ("run", invert)]
)
def test_picture_that_looks_different_is_stale(name: str, change: Callable[[Image.Image], None]) -> None:
    """A run's page is nearly all text: its headings show what has changed."""
    drawn, _ = read(FOLDER / f"{name}.png")
    changed = drawn.copy()
    change(changed)

    assert difference(drawn, changed) > TOLERANCE
