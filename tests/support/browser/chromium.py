"""Finds Chromium on this machine and starts it without any way to another machine."""

import os
from collections.abc import Mapping
from shutil import which

from playwright.sync_api import Browser, BrowserType

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
"""What distributions call the program."""

_OFFLINE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
"""Chromium finds no host but loopback, whatever a page or Chromium itself asks for."""


class ChromiumMissing(Exception):
    """This machine has no Chromium; the text says how to install it."""


def find_chromium(environment: Mapping[str, str] = os.environ) -> str:
    """Return the path of Chromium: the variable CHROMIUM, or a program on PATH.

    Raises:
        ChromiumMissing: there is none.
    """
    chosen = environment.get("CHROMIUM")
    for name in (chosen,) if chosen else NAMES:
        if found := which(name, path=environment.get("PATH", "")):
            return found
    reason = f"CHROMIUM={chosen} is not a program" if chosen else "Chromium was not found"
    raise ChromiumMissing(
        f"{reason}. On Debian: apt install chromium. On macOS: brew install --cask chromium. "
        "If it is installed elsewhere: make browser CHROMIUM=/path/to/chromium"
    )


def launch(chromium: BrowserType, path: str) -> Browser:
    """Start Chromium without a window."""
    return chromium.launch(executable_path=path, args=[_OFFLINE])
