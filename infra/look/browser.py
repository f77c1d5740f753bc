"""Opens a page in the user's browser, where there is one."""

import os
import sys
import webbrowser
from collections.abc import Mapping
from pathlib import Path


def has_browser(environment: Mapping[str, str], platform: str = sys.platform) -> bool:
    """Whether a browser can show a window: there is a display, and BROWSER is not "none"."""
    has_display = platform == "darwin" or any(environment.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
    return has_display and environment.get("BROWSER", "").lower() != "none"


def open_page(page: Path) -> None:
    """Open a page if there is a browser. A browser that does not start is no error: the page is written."""
    if has_browser(os.environ):
        webbrowser.open(page.absolute().as_uri())
