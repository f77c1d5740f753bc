"""The page of a run: it opens fast with 20,000 rows, fits its window, and hostile rows of a table do nothing."""

import re
import stat
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from infra.look.pages import write_run_page
from infra.look.sources import FolderSource
from playwright.sync_api import Browser

from support.browser import hostile
from support.browser.lab import PageLab
from support.browser.measure import accessibility_faults, pictures, tab_stops, too_wide
from support.browser.run_folder import RUN, write_run
from support.browser.visit import DESKTOP, PHONE, Scheme, Size, Visit, visit

type WritePage = Callable[..., Path]
type OpenRun = Callable[..., AbstractContextManager[Visit]]

ROWS, MANY_ROWS = 1000, 20_000
OPEN_SECONDS = 2.0
"""The best of three. A page holds sums and the first failures, not a line for each row, and opens in a tenth of it."""

each_size = pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])


@pytest.fixture
def write_page(tmp_path: Path) -> WritePage:
    """Write a run into a folder, and its page beside it, as `make run` does."""

    def write(rows: int, texts: tuple[str, ...] = ()) -> Path:
        run = write_run(tmp_path, rows, texts)
        target = tmp_path / "runs" / run / "index.html"
        write_run_page(FolderSource(tmp_path, target.parent), run, target)
        return target

    return write


@pytest.fixture
def open_run(browser: Browser, write_page: WritePage, tmp_path: Path) -> OpenRun:
    """Write a run and its page, and open it."""

    def open_page(rows: int, texts: tuple[str, ...] = (), **window: Any) -> AbstractContextManager[Visit]:
        return visit(browser, write_page(rows, texts), allowed=tmp_path.as_uri(), **window)

    return open_page


def test_page_of_many_rows_opens_fast(browser: Browser, write_page: WritePage, tmp_path: Path) -> None:
    path = write_page(MANY_ROWS)
    seconds = []
    for _ in range(3):
        began = time.monotonic()
        with visit(browser, path, allowed=tmp_path.as_uri()) as opened:
            seconds.append(time.monotonic() - began)
            assert "20,000" in opened.page.locator("body").inner_text()

    assert min(seconds) < OPEN_SECONDS


@pytest.mark.parametrize("scheme", ["light", "dark"])
@each_size
def test_page_fits_its_window_and_is_accessible(open_run: OpenRun, size: Size, scheme: Scheme) -> None:
    with open_run(ROWS, size=size, scheme=scheme) as opened:
        assert too_wide(opened.page) == []
        assert accessibility_faults(opened.page) == []
        assert opened.page.locator("main").count() == 1


@each_size
def test_page_shows_hostile_rows_and_runs_nothing(open_run: OpenRun, size: Size) -> None:
    texts = (*hostile.MARKUP, *hostile.urls("https://images.example"))
    with open_run(200, texts, size=size) as opened:
        text = opened.page.locator("body").inner_text()
        links = opened.page.locator("[href]").evaluate_all("links => links.map(link => link.getAttribute('href'))")
        assert too_wide(opened.page) == []
        assert opened.page.locator("script, iframe, object, embed, form, base, foreignObject").count() == 0

    assert "<script>alert(1)</script>" in text
    assert re.findall(r"[\u202a-\u202e\u2066-\u2069\0\x1b]", text) == []
    assert [link for link in links if not re.fullmatch(r"https?://\S+|#[\w.-]+|\.\./\.\./images/\S+", link)] == []


def test_page_of_a_bucket_draws_its_pictures(
    lab: PageLab, browser: Browser, write_page: WritePage, tmp_path: Path
) -> None:
    local = write_page(ROWS)
    for path in (*tmp_path.rglob("*.jpg"), *tmp_path.rglob("*.gz"), *tmp_path.rglob("*.json")):
        lab.s3.client().upload_file(str(path), lab.bucket, path.relative_to(tmp_path).as_posix())
    write_run_page(lab.source, RUN, tmp_path / "run.html")

    with visit(browser, local, allowed=tmp_path.as_uri()) as opened:
        drawn = pictures(opened.page)
    with visit(browser, tmp_path / "run.html", allowed=lab.s3.url) as opened:
        opened.load_pictures()
        drawn_from_bucket = pictures(opened.page)

    assert [picture.size for picture in drawn_from_bucket] == [(1000, 750)]
    assert [picture.key for picture in drawn] == [picture.key for picture in drawn_from_bucket]


def test_page_names_the_codes_and_the_origins_of_the_failures(open_run: OpenRun) -> None:
    with open_run(ROWS) as opened:
        text = opened.page.locator("main").inner_text()
        charts = opened.page.locator("svg").count()

    for shown in ("not_found", "http_server_error", "connect_failed", "timeout", "down.example", "archive.example"):
        assert shown in text
    assert charts


def test_paper_shows_what_the_screen_shows(open_run: OpenRun) -> None:
    with open_run(ROWS) as opened:
        cells = opened.page.locator("td, th, h1, h2, dd, figure, svg").locator("visible=true")
        on_screen = cells.all_inner_texts()
        opened.page.emulate_media(media="print")
        assert set(on_screen) <= set(cells.all_inner_texts())


def test_focus_is_visible_at_every_stop_of_the_tab_key(open_run: OpenRun) -> None:
    with open_run(100) as opened:
        assert [stop for stop in tab_stops(opened.page) if not stop.is_visible] == []


def test_page_is_readable_by_its_owner_alone(write_page: WritePage) -> None:
    assert stat.S_IMODE(write_page(5).stat().st_mode) == 0o600


def test_run_of_the_tests_has_the_rows_that_it_says(tmp_path: Path) -> None:
    source = FolderSource(tmp_path, tmp_path)
    write_run(tmp_path, ROWS)
    assert sum(1 for _ in source.rows(RUN)) == ROWS
