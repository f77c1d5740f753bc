"""Measures an open page: its pictures, its width, its accessibility, what keys do, and how it looks."""

import io
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from axe_playwright_python.sync_playwright import Axe
from PIL import Image, ImageChops
from playwright.sync_api import Page

MAX_STOPS = 30
"""How often Tab is pressed at most."""

_PICTURES = """images => images.map(image => {
  const {width, height} = image.getBoundingClientRect()
  return {source: image.currentSrc || image.src, text: image.alt, fit: getComputedStyle(image).objectFit,
    width: image.naturalWidth, height: image.naturalHeight, shown_width: width, shown_height: height}
})"""
_TOO_WIDE = """() => [...document.querySelectorAll('body *')]
  .filter(element => element.checkVisibility() && element.getBoundingClientRect().right > innerWidth + 0.5)
  .filter(element => !element.closest('svg') || element.localName === 'svg')
  .map(element => element.outerHTML.slice(0, 200))"""
_FOCUSED = """() => {
  const element = document.activeElement, box = element.getBoundingClientRect()
  return element === document.body ? null : [element.outerHTML.slice(0, 100), 2 * (box.width + box.height)]
}"""

_HIDDEN = """() => {
  const element = document.activeElement, box = element.getBoundingClientRect()
  const shown = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2)
  const is_shown = shown && (element.contains(shown) || shown.contains(element))
  return [element === document.body ? '' : element.outerHTML.slice(0, 100), !is_shown]
}"""


@dataclass(frozen=True, slots=True)
class Picture:
    """An `img` of a page. Sizes are in pixels; `shown` is its box on the page."""

    source: str
    text: str
    width: int
    height: int
    shown_width: float
    shown_height: float
    fit: str

    @property
    def size(self) -> tuple[int, int]:
        """The size in the file."""
        return self.width, self.height

    @property
    def key(self) -> str:
        """The object key in its URL: images/{2 digits}/{name}."""
        return "images/" + unquote(urlsplit(self.source).path).partition("/images/")[2]

    @property
    def is_distorted(self) -> bool:
        """Whether it is drawn with other proportions; one percent is rounding."""
        shown = self.shown_width / self.shown_height
        return self.fit == "fill" and not 0.99 < shown * self.height / self.width < 1.01


def pictures(page: Page) -> list[Picture]:
    """List the pictures in the order of the page."""
    return [Picture(**found) for found in page.locator("img").evaluate_all(_PICTURES)]


def too_wide(page: Page) -> list[str]:
    """List what reaches beyond the right edge of the window; empty if the page does not scroll sideways."""
    scrolls = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    wide: list[str] = page.evaluate(_TOO_WIDE) if scrolls else []
    return wide


def accessibility_faults(page: Page) -> list[str]:
    """List the rules of axe-core that the page breaks, and contrasts that axe-core cannot compute."""
    found: dict[str, Any] = Axe().run(page, options={"resultTypes": ["violations", "incomplete"]}).response
    unclear = [rule for rule in found["incomplete"] if rule["id"] == "color-contrast"]
    return [
        f"{rule['id']}: {node['html'][:200]} {node['failureSummary']}"
        for rule in [*found["violations"], *unclear]
        for node in rule["nodes"]
    ]


def screenshot(page: Page, *, whole: bool = False) -> Image.Image:
    """Draw the window, or the whole page."""
    return Image.open(io.BytesIO(page.screenshot(full_page=whole))).convert("RGB")


def changed_pixels(before: Image.Image, after: Image.Image) -> int:
    """Count the pixels that differ visibly between two pictures of one size."""
    difference = ImageChops.difference(before, after).convert("L")
    return sum(difference.point(lambda level: level > 16).histogram()[1:])


def hidden_stops(page: Page, key: str) -> list[str]:
    """Press a key until the focus leaves the page; return the elements that another one hides while they have it."""
    found = []
    for _ in range(MAX_STOPS):
        page.keyboard.press(key)
        html, is_hidden = page.evaluate(_HIDDEN)
        if not html:
            break
        found += [html] if is_hidden else []
    return found


@dataclass(frozen=True, slots=True)
class TabStop:
    """An element that the Tab key reaches.

    Attributes:
        html: the beginning of its HTML.
        perimeter: the length of its edge in pixels.
        changed: the pixels of the window that differ while it has the focus.
    """

    html: str
    perimeter: float
    changed: int

    @property
    def is_visible(self) -> bool:
        """Whether the focus is seen: it changes at least as much as a line around the element (WCAG 2.2, 2.4.13)."""
        return self.changed >= max(self.perimeter, 1)


def tab_stops(page: Page) -> list[TabStop]:
    """Press Tab until the focus leaves the page."""
    found = []
    page.evaluate("scrollTo(0, 0)")
    for _ in range(MAX_STOPS):
        page.keyboard.press("Tab")
        focused = page.evaluate(_FOCUSED)
        if focused is None:
            break
        html, perimeter = focused
        with_focus = screenshot(page)
        page.evaluate("document.activeElement.blur()")
        found.append(TabStop(html, perimeter, changed_pixels(screenshot(page), with_focus)))
    return found
