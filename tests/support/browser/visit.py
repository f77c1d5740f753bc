"""Visit: one page in a Chromium window of its own, with everything that the page requested or did wrong."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page

type Scheme = Literal["light", "dark"]


class Size(NamedTuple):
    """The size of a window in pixels."""

    width: int
    height: int


DESKTOP, PHONE = Size(1440, 900), Size(390, 844)


@dataclass
class Visit:
    """An open page.

    Attributes:
        page: the page.
        requests: the URL of every request, that for the page first.
        faults: what a page must not do: errors in the console, which violations of the CSP are, exceptions, dialogs,
            new windows, requests that fail.
    """

    page: Page
    requests: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def record(self) -> None:
        """Record from now on."""
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("requestfailed", lambda request: self.faults.append(f"failed: {request.url} {request.failure}"))
        self.page.on("console", self._record_message)
        self.page.on("pageerror", lambda error: self.faults.append(f"exception: {error}"))
        self.page.on("dialog", self._record_dialog)
        self.page.on("popup", lambda opened: self.faults.append(f"new window: {opened.url}"))

    def _record_message(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.faults.append(f"console: {message.text}")

    def _record_dialog(self, dialog: Dialog) -> None:
        self.faults.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def load_pictures(self) -> None:
        """Scroll to each picture, as a reader does, until all have arrived."""
        for picture in self.page.locator("img:visible").all():
            picture.scroll_into_view_if_needed()
            picture.evaluate("image => image.complete || new Promise(done => image.onload = image.onerror = done)")

    def clear(self) -> None:
        """Forget what the page did so far."""
        self.faults.clear()
        del self.requests[1:]

    def foreign_requests(self, allowed: str | None) -> list[str]:
        """Return the requests for anything but the page, data in the page, and an allowed origin or folder."""
        page, *others = self.requests
        return [url for url in others if not url.startswith("data:") and not _is_below(url, allowed) and url != page]


def _is_below(url: str, allowed: str | None) -> bool:
    return allowed is not None and url.startswith(f"{allowed.rstrip('/')}/") and urlsplit(url).username is None


@contextmanager
def visit(
    browser: Browser, path: Path, *, size: Size = DESKTOP, scheme: Scheme = "light", allowed: str | None = None
) -> Iterator[Visit]:
    """Open a page, and check at the end of the block that it did nothing wrong and requested nothing foreign.

    Args:
        browser: a browser.
        path: the file of the page.
        size: of the window.
        scheme: the color scheme that the reader prefers.
        allowed: the origin, or the URL of a folder, that the page may load pictures from; None for nothing at all.
    """
    context = browser.new_context(viewport={"width": size.width, "height": size.height}, color_scheme=scheme)
    try:
        opened = Visit(context.new_page())
        opened.record()
        opened.page.goto(path.as_uri())
        yield opened
        found = [*opened.faults, *(f"request: {url}" for url in opened.foreign_requests(allowed))]
        assert found == [], "\n".join(found)
    finally:
        context.close()
