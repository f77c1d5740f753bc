"""The page of a receipt on a desktop, on a phone and on paper, in light and dark, by mouse and by keyboard."""

import io
import math
import re
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator

from support.browser.lab import PageLab
from support.browser.measure import MAX_STOPS, accessibility_faults, hidden_stops, pictures, tab_stops, too_wide
from support.browser.visit import DESKTOP, PHONE, Scheme, Size, visit

FILES = ["demo", "list", "inspect-failed", "all-failed", "hostile", "hostile-text"]

LOW_WINDOWS = [PHONE, Size(720, 450), Size(844, 390), Size(320, 256)]
"""A phone, upright and lying, and windows of a laptop with a zoom of 200 and 400 %."""

MAX_LEVEL = 255

SCHEMES: list[Scheme] = ["light", "dark"]


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("file_id", FILES)
def test_page_fits_its_window_and_is_accessible(
    lab: PageLab, browser: Browser, file_id: str, size: Size, tmp_path: Path
) -> None:
    """Contrast, alternative texts, order of headings, landmarks, language and labels, as axe-core checks them."""
    path = lab.write_page(file_id, tmp_path)
    for scheme in SCHEMES:
        with visit(browser, path, size=size, scheme=scheme, allowed=lab.s3.url) as opened:
            opened.load_pictures()
            assert too_wide(opened.page) == []
            assert accessibility_faults(opened.page) == []
            assert opened.page.locator("main").count() == 1
            assert opened.page.locator("html").get_attribute("lang") == "en"


def in_view(picture: Locator) -> bool:
    """Whether a picture is wholly in the window."""
    visible: bool = picture.evaluate(
        "picture => (box => box.top >= 0 && box.bottom <= innerHeight && box.height > 100)"
        "(picture.getBoundingClientRect())"
    )
    return visible


@pytest.mark.parametrize("file_id", ["many", "demo"])
def test_image_to_inspect_stays_in_view_on_a_desktop(
    lab: PageLab, browser: Browser, file_id: str, tmp_path: Path
) -> None:
    with visit(browser, lab.write_page(file_id, tmp_path), allowed=lab.s3.url) as opened:
        inspected = opened.page.locator("img").first
        opened.load_pictures()
        height: int = opened.page.evaluate("document.documentElement.scrollHeight")
        assert height > 2 * DESKTOP.height
        for part in (0.0, 0.25, 0.5, 0.75, 0.95):
            opened.page.evaluate("top => scrollTo(0, top)", part * (height - DESKTOP.height))
            assert in_view(inspected), part


def test_paper_shows_every_image_and_every_failure(lab: PageLab, browser: Browser, tmp_path: Path) -> None:
    """Also those that a filter hides on the screen. Nothing is cut off by a box that scrolls."""
    with visit(browser, lab.write_page("many", tmp_path), allowed=lab.s3.url) as opened:
        page = opened.page
        everything = page.locator("img").count(), page.locator("main").inner_text()
        filters = page.locator("input")
        for number in range(filters.count()):
            press_filter(filters.nth(number))
            page.emulate_media(media="print")
            shown = page.locator("img:visible").count(), page.locator("main").inner_text()
            assert everything[0] == shown[0]
            for code in re.findall(r"\b[a-z]+_[a-z]+\b", everything[1]):
                assert code in shown[1]
            page.emulate_media(media="screen")
        page.emulate_media(media="print")
        cut: list[str] = page.locator("body *:visible").evaluate_all(
            "all => all.filter(e => getComputedStyle(e).overflow !== 'visible' && e.scrollHeight > e.clientHeight + 1)"
            ".map(e => e.outerHTML.slice(0, 200))"
        )
        assert cut == []
        printed = opened.page.pdf()
        opened.load_pictures()
    assert printed.count(b"/Subtype /Image") >= everything[0]


@pytest.mark.parametrize("size", LOW_WINDOWS, ids=str)
@pytest.mark.parametrize("file_id", ["demo", "strip"])
def test_image_to_inspect_leaves_space_for_the_others(
    lab: PageLab, browser: Browser, file_id: str, size: Size, tmp_path: Path
) -> None:
    """On a narrow screen it stays above the others: also where a large zoom makes the window low."""
    with visit(browser, lab.write_page(file_id, tmp_path), size=size, allowed=lab.s3.url) as opened:
        opened.load_pictures()
        opened.page.locator(".others article").last.scroll_into_view_if_needed()
        well = opened.page.locator(".inspected .well").bounding_box()

    assert well is not None
    assert well["y"] == 0
    assert 0 < well["height"] < 0.4 * size.height


def test_image_to_inspect_keeps_a_height_in_a_low_wide_window(lab: PageLab, browser: Browser, tmp_path: Path) -> None:
    with visit(browser, lab.write_page("demo", tmp_path), size=Size(960, 430), allowed=lab.s3.url) as opened:
        opened.load_pictures()
        assert pictures(opened.page)[0].shown_height > 200


@pytest.mark.parametrize("scheme", SCHEMES)
def test_drawing_on_transparent_pixels_is_seen(lab: PageLab, browser: Browser, scheme: Scheme, tmp_path: Path) -> None:
    """The drawing has a black and a white bar: WCAG asks for a contrast of 3 to what is around (2.2, 1.4.11)."""
    with visit(browser, lab.write_page("strip", tmp_path), scheme=scheme, allowed=lab.s3.url) as opened:
        opened.load_pictures()
        drawing = opened.page.locator("img[alt$='drawing.png']").screenshot()
    with Image.open(io.BytesIO(drawing)) as shown:
        levels = shown.convert("L").histogram()

    around = [level for level, number in enumerate(levels) if number > sum(levels) / 10 and 0 < level < MAX_LEVEL]
    assert around
    assert min(contrast(level, other) for level in around for other in (0, MAX_LEVEL)) > 3


def contrast(level: int, other: int) -> float:
    """Return the contrast of two grays (WCAG 2.2, contrast ratio)."""
    dark, light = sorted(math.pow((gray / MAX_LEVEL + 0.055) / 1.055, 2.4) for gray in (level, other))
    return (light + 0.05) / (dark + 0.05)


def test_tiny_picture_is_enlarged_in_its_proportions(lab: PageLab, browser: Browser, tmp_path: Path) -> None:
    with visit(browser, lab.write_page("strip", tmp_path), allowed=lab.s3.url) as opened:
        opened.load_pictures()
        [speck] = [picture for picture in pictures(opened.page) if picture.text.endswith("speck.png")]

    assert speck.size == (2, 40)
    assert not speck.is_distorted
    assert 40 < speck.shown_height < 100


@pytest.mark.parametrize("size", LOW_WINDOWS, ids=str)
def test_focus_is_not_hidden_by_the_image_to_inspect(
    lab: PageLab, browser: Browser, size: Size, tmp_path: Path
) -> None:
    """Forwards and backwards (WCAG 2.2, 2.4.11)."""
    with visit(browser, lab.write_page("demo", tmp_path), size=size, allowed=lab.s3.url) as opened:
        opened.load_pictures()
        hidden = [(key, html) for key in ("Tab", "Shift+Tab") for html in hidden_stops(opened.page, key)]

    assert hidden == []


def test_choice_is_seen_in_high_contrast(lab: PageLab, browser: Browser, tmp_path: Path) -> None:
    with visit(browser, lab.write_page("demo", tmp_path), allowed=lab.s3.url) as opened:
        opened.page.emulate_media(forced_colors="active")
        opened.load_pictures()
        choice = opened.page.locator("fieldset").first
        before = choice.screenshot()
        press_filter(opened.page.locator("#show-failed"))
        after = choice.screenshot()

    assert before != after


def press_filter(choice: Locator) -> None:
    choice.evaluate("input => input.click()")


def test_focus_is_visible_at_every_stop_of_the_tab_key(lab: PageLab, browser: Browser, tmp_path: Path) -> None:
    with visit(browser, lab.write_page("demo", tmp_path), allowed=lab.s3.url) as opened:
        opened.load_pictures()
        stops = tab_stops(opened.page)
        links = opened.page.locator("a[href]:visible").count()

    assert len(stops) > links  # and the filters
    assert [stop for stop in stops if not stop.is_visible] == []


def test_filters_work_by_keyboard_alone(lab: PageLab, browser: Browser, tmp_path: Path) -> None:
    """Tab reaches them, the arrow keys choose, and each shows as many images as it says."""
    with visit(browser, lab.write_page("many", tmp_path), allowed=lab.s3.url) as opened:
        page = opened.page
        cards, chosen = page.locator(".others article"), page.locator("input[name=show]:checked")
        for _ in range(MAX_STOPS):
            page.keyboard.press("Tab")
            if chosen.evaluate("input => input === document.activeElement"):
                break
        seen = {}
        for _ in range(4):
            seen[chosen.evaluate("input => input.labels[0].innerText")] = cards.locator("visible=true").count()
            page.keyboard.press("ArrowRight")
        opened.load_pictures()

    assert seen == {"All 30": 30, "Stored 28": 28, "Failed 2": 2}
