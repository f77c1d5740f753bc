"""Chromium is found where distributions install it, or where the variable says; a visit notices what a page does."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from support.browser.chromium import NAMES, ChromiumMissing, find_chromium
from support.browser.measure import accessibility_faults, tab_stops, too_wide
from support.browser.visit import visit

PAGE = '<!DOCTYPE html><html lang="en"><title>Page</title><style>{style}</style><main><h1>Page</h1>{body}</main></html>'
MISDEEDS = {
    "<script>alert(1)</script>": "dialog: 1",
    "<script>console.error('wrong')</script>": "console: wrong",
    "<script>throw Error('thrown')</script>": "exception: thrown",
    "<img alt='' src='http://127.0.0.1:9/x.png'>": "failed: http://127.0.0.1:9/x.png",
    "<img alt='' src='http://169.254.169.254/'>": "failed: http://169.254.169.254/",
    "<img alt='' src='https://images.example/x.png'>": "request: https://images.example/x.png",
}
INACCESSIBLE = {
    "<p style='color: #888; background: #fff'>grey</p>": "color-contrast",
    "<img src='data:image/gif;base64,R0lGODlhAQABAAAAACw='>": "image-alt",
    "<h3>Deep</h3>": "heading-order",
    "<input type='text'>": "label",
    "<a href='#x'></a>": "link-name",
}


def write(folder: Path, body: str, style: str = "") -> Path:
    path = folder / "page.html"
    path.write_text(PAGE.format(body=body, style=style))
    return path


@pytest.mark.parametrize("body", MISDEEDS)
def test_visit_fails_when_a_page_misbehaves(browser: Browser, body: str, tmp_path: Path) -> None:
    with pytest.raises(AssertionError) as raised, visit(browser, write(tmp_path, body)) as opened:
        opened.page.wait_for_timeout(50)
    assert MISDEEDS[body] in str(raised.value)


@pytest.mark.parametrize("body", INACCESSIBLE)
def test_fault_of_accessibility_is_found(browser: Browser, body: str, tmp_path: Path) -> None:
    with visit(browser, write(tmp_path, body)) as opened:
        assert any(fault.startswith(INACCESSIBLE[body]) for fault in accessibility_faults(opened.page))


def test_content_that_is_wider_than_the_window_is_found(browser: Browser, tmp_path: Path) -> None:
    with visit(browser, write(tmp_path, "<p style='width: 2000px'>wide</p>")) as opened:
        assert len(too_wide(opened.page)) == 1


def test_focus_that_is_not_shown_is_found(browser: Browser, tmp_path: Path) -> None:
    body = "<a href='#x'>shown</a> <a href='#y' style='outline: none'>hidden</a>"
    with visit(browser, write(tmp_path, body, "a { outline-offset: 2px }")) as opened:
        assert [stop.is_visible for stop in tab_stops(opened.page)] == [True, False]


@pytest.mark.parametrize("name", NAMES)
def test_chromium_is_found_on_path(name: str, tmp_path: Path) -> None:
    program = tmp_path / name
    program.write_text("")
    program.chmod(0o755)

    assert find_chromium({"PATH": str(tmp_path)}) == str(program)
    assert find_chromium({"PATH": "/nowhere", "CHROMIUM": str(program)}) == str(program)


@pytest.mark.parametrize("chosen", ["", "/nowhere/chromium"])
def test_missing_chromium_is_reported_with_how_to_install_it(chosen: str) -> None:
    with pytest.raises(ChromiumMissing, match=r"apt install chromium.*make browser CHROMIUM=") as raised:
        find_chromium({"PATH": "/nowhere", "CHROMIUM": chosen})
    assert chosen in str(raised.value)
