"""A page is complete or not there, readable by its owner alone, and its policy allows one style sheet."""

import base64
import hashlib
import re
from pathlib import Path

import pytest
from infra.look.errors import LookError
from infra.look.html_page import write_page

from support.html_document import Element, parse_html


@pytest.fixture
def page(tmp_path: Path) -> Element:
    target = tmp_path / "new folder" / "page.html"
    target.parent.mkdir()
    target.write_text("an old page")
    target.chmod(0o644)
    write_page("base.html", target, image_origin="https://b.example", title="</title><script>")
    assert target.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in target.parent.iterdir()] == ["page.html"]
    return parse_html(target.read_text())


def test_page_escapes_its_title(page: Element) -> None:
    assert page.find("title").text == "</title><script> · image-intake"
    assert page.find_all("script") == []


def test_policy_allows_one_style_sheet_and_images_of_one_origin(page: Element) -> None:
    [policy] = [meta for meta in page.find_all("meta") if "http-equiv" in meta.attributes]
    digest = base64.b64encode(hashlib.sha256(page.find("style").raw_text.encode()).digest()).decode()

    assert policy.attributes["http-equiv"] == "Content-Security-Policy"
    assert policy.attributes["content"].split("; ") == [
        "default-src 'none'",
        "img-src https://b.example",
        f"style-src 'sha256-{digest}'",
        "base-uri 'none'",
        "form-action 'none'",
    ]
    assert "no-referrer" in {
        meta.attributes["content"] for meta in page.find_all("meta", "") if "name" in meta.attributes
    }


def test_style_sheets_load_nothing_and_end_no_element() -> None:
    for sheet in (Path(__file__).parents[4] / "infra" / "look").glob("*.css"):
        assert not re.search(r"url\(|@import|</|expression\(", sheet.read_text()), sheet.name


def test_page_that_cannot_be_rendered_or_written_leaves_the_old_one(tmp_path: Path) -> None:
    target = tmp_path / "page.html"
    target.write_text("old")
    (tmp_path / "file").touch()

    with pytest.raises(LookError, match=r"/file/page\.html cannot be written: File exists\."):
        write_page("base.html", tmp_path / "file" / "page.html", image_origin="file:", title="t")
    with pytest.raises(Exception, match="undefined"):
        write_page("receipt.html", target, image_origin="file:", title="t")

    assert target.read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "page.html"]


def test_target_that_is_a_folder_leaves_no_temporary_file(tmp_path: Path) -> None:
    (tmp_path / "page.html").mkdir()

    with pytest.raises(LookError, match="cannot be written: Is a directory"):
        write_page("base.html", tmp_path / "page.html", image_origin="file:", title="t")

    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]
