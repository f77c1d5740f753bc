"""Text of callers, origins and forged receipts: the page shows it, runs nothing and asks no other host for anything."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from support.browser import hostile
from support.browser.lab import PageLab
from support.browser.measure import too_wide
from support.browser.visit import DESKTOP, PHONE, Size, Visit, visit

HOSTILE = ["hostile", "hostile-text"]
SAFE_LINK = re.compile(r"https?://.+|#[\w.-]+")
ACTIVE = "script, iframe, object, embed, form, base, foreignObject"
"""Elements that no page has."""

SHOWN = ("<script>alert(1)</script>", "javascript:alert(1)", "{{ 7 * 7 }}", "&lt;script&gt;", "\\u202egpj.exe")

INJECTIONS = {
    "script": "const s = document.createElement('script'); s.textContent = 'window.ran = 1'; document.body.append(s)",
    "script of a server": "const s = document.createElement('script'); s.src = '{site}/x.js'; document.body.append(s)",
    "attribute": "document.body.insertAdjacentHTML('beforeend', '<b onclick=\"window.ran = 1\">x</b>');"
    "document.body.lastElementChild.click()",
    "javascript link": "document.body.insertAdjacentHTML('beforeend', '<a href=\"javascript:window.ran = 1\">x</a>');"
    "document.body.lastElementChild.click()",
    "picture of a server": "new Image().src = '{site}/inspect.jpg'",
    "style of a server": "document.head.insertAdjacentHTML('beforeend', '<link rel=stylesheet href={site}/x.css>')",
    "style": "document.head.insertAdjacentHTML('beforeend', '<style>h1 {{ display: none }}</style>')",
    "frame": "document.body.insertAdjacentHTML('beforeend', '<iframe src={site}/></iframe>')",
    "request": "fetch('{site}/secret').catch(() => 0)",
    "beacon": "navigator.sendBeacon('{site}/secret', 'x')",
    "form": "document.body.insertAdjacentHTML('beforeend', '<form action={site}/secret></form>');"
    "document.body.lastElementChild.submit()",
}
"""What a page could be made to do if a text were not escaped: the content security policy is the second barrier."""


@contextmanager
def unasked(lab: PageLab) -> Iterator[None]:
    """Check that the server of the pictures gets no request during the block."""
    before = lab.traffic.responses.total()
    yield
    assert lab.traffic.responses.total() == before


@contextmanager
def hostile_page(lab: PageLab, browser: Browser, file_id: str, folder: Path, size: Size = DESKTOP) -> Iterator[Visit]:
    with unasked(lab), visit(browser, lab.write_page(file_id, folder), size=size, allowed=lab.s3.url) as opened:
        opened.load_pictures()
        yield opened


@pytest.mark.parametrize("file_id", HOSTILE)
def test_page_shows_hostile_text_and_runs_nothing(lab: PageLab, browser: Browser, file_id: str, tmp_path: Path) -> None:
    with hostile_page(lab, browser, file_id, tmp_path) as opened:
        text = opened.page.locator("body").inner_text()
        assert opened.page.locator(ACTIVE).count() == 0

    assert [shown for shown in SHOWN if shown not in text] == []
    assert re.findall(r"[\u202a-\u202e\u2066-\u2069\0\x1b]", text) == []


@pytest.mark.parametrize("file_id", [*HOSTILE, "demo"])
def test_page_links_only_to_http_and_to_itself(lab: PageLab, browser: Browser, file_id: str, tmp_path: Path) -> None:
    with hostile_page(lab, browser, file_id, tmp_path) as opened:
        links = opened.page.locator("[href]").evaluate_all("links => links.map(link => link.getAttribute('href'))")
        relations = opened.page.locator("a[href^=http]").evaluate_all("links => links.map(link => link.rel)")

    assert links
    assert [link for link in links if not SAFE_LINK.fullmatch(link)] == []
    assert [rel for rel in relations if "noreferrer" not in rel.split()] == []


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("file_id", HOSTILE)
def test_long_hostile_text_does_not_widen_the_page(
    lab: PageLab, browser: Browser, file_id: str, size: Size, tmp_path: Path
) -> None:
    with hostile_page(lab, browser, file_id, tmp_path, size) as opened:
        assert too_wide(opened.page) == []


@pytest.mark.parametrize("name", INJECTIONS)
def test_policy_stops_an_injection(lab: PageLab, browser: Browser, name: str, tmp_path: Path) -> None:
    """Each violates the policy, which the console reports, and neither runs nor leaves the page.

    Chromium lists a request that the policy stopped among the others; the server knows that it was not sent.
    """
    with unasked(lab), visit(browser, lab.write_page("demo", tmp_path), allowed=lab.s3.url) as opened:
        opened.page.evaluate(INJECTIONS[name].format(site=lab.site))
        opened.page.wait_for_timeout(100)
        assert not opened.page.evaluate("window.ran || false")
        assert opened.page.locator("h1").is_visible()
        assert opened.page.url.startswith("file:")
        assert any("Content Security Policy" in fault for fault in opened.faults), opened.faults
        opened.clear()


def test_hostile_texts_are_all_in_the_receipts(lab: PageLab) -> None:
    """The service has stored the URLs of the hostile File, or the page would have nothing to show."""
    urls = {image["url"].partition("?")[0] for image in lab.receipts["hostile"]["images"]}
    assert {url.partition("?")[0] for url in hostile.urls(lab.site)} <= urls | {""}
