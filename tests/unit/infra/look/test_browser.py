"""The page is opened only where a browser can show it."""

import webbrowser
from pathlib import Path

import pytest
from infra.look import browser


@pytest.mark.parametrize(
    ("expected", "environment", "platform"),
    [
        (True, {"DISPLAY": ":0"}, "linux"),
        (True, {"WAYLAND_DISPLAY": "wayland-0", "BROWSER": "firefox"}, "linux"),
        (True, {}, "darwin"),
        (False, {}, "linux"),
        (False, {"DISPLAY": ""}, "linux"),
        (False, {"BROWSER": "firefox"}, "linux"),
        (False, {"DISPLAY": ":0", "BROWSER": "none"}, "linux"),
        (False, {"BROWSER": "None"}, "darwin"),
    ],
)
def test_browser_needs_a_display_and_permission(environment: dict[str, str], platform: str, *, expected: bool) -> None:
    assert browser.has_browser(environment, platform) is expected


def test_page_is_opened_by_its_absolute_url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.delenv("BROWSER", raising=False)

    browser.open_page(tmp_path / "a b.html")
    monkeypatch.setenv("BROWSER", "none")
    browser.open_page(tmp_path / "not opened.html")

    assert opened == [f"file://{tmp_path}/a%20b.html"]
