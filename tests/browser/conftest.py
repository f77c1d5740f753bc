"""One Chromium and one set of receipts for all tests. Without Chromium the run ends with the reason."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from infra.build.template_file import ROOT
from playwright.sync_api import Browser, sync_playwright

from support import s3_server
from support.browser.chromium import ChromiumMissing, find_chromium, launch
from support.browser.lab import PageLab, page_lab


@pytest.fixture(scope="session")
def chromium_path() -> str:
    try:
        return find_chromium()
    except ChromiumMissing as error:
        pytest.exit(f"make browser: {error}", returncode=1)


@pytest.fixture(scope="session")
def lab(s3: s3_server.S3Server, chromium_path: str) -> Iterator[PageLab]:  # noqa: ARG001 - asked for first: it may end the run
    with page_lab(s3) as lab:
        yield lab


@pytest.fixture(scope="session")
def browser(lab: PageLab, chromium_path: str) -> Iterator[Browser]:  # noqa: ARG001 - Playwright keeps this thread's event loop, which the service needs before
    with sync_playwright() as playwright:
        started = launch(playwright.chromium, chromium_path)
        yield started
        started.close()


@pytest.fixture(scope="session")
def screenshots() -> Path:
    """The folder of the screenshots, which are kept to be looked at."""
    folder = ROOT / ".local" / "browser"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
