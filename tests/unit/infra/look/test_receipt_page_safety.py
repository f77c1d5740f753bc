"""The page of a receipt whose texts, keys or figures are hostile."""

import os
import re
from pathlib import Path
from typing import Any

import pytest
from infra.look.pages import write_receipt_page
from infra.look.sources import FolderSource

from support.html_document import parse_html
from support.receipt_documents import failed, receipt, stored, write_objects
from support.receipt_page import HALF, facts_of, render

HOSTILE = '"><script>alert(1)</script>'
BIDI = "\u202egnp.exe\u0007"
ATTRIBUTES = {"id", "class", "href", "src", "alt", "rel", "width", "height", "title", "role", "tabindex", "lang"} | {
    *("type", "name", "checked", "disabled", "aria-label", "aria-labelledby", "charset", "content", "http-equiv")
}


def test_notes_are_shown_as_text(tmp_path: Path) -> None:
    note = {"lot": "7", "shift": {"name": "night"}, HOSTILE: BIDI}
    page = render(tmp_path, receipt("f", stored("a.jpg", note=note), note=note))
    rows = page.find("dl", "note").find_all("div")

    assert [row.text for row in rows] == ["lot7", 'shift{"name": "night"}', f"{HOSTILE}\\u202egnp.exe\\x07"]
    assert facts_of(page.find("article"))[HOSTILE] == "\\u202egnp.exe\\x07"


@pytest.mark.parametrize(
    "text",
    [
        HOSTILE,
        "javascript:alert(1)",
        BIDI,
        "</style><script>",
        "' onerror='alert(1)",
        "{{ 7 * 7 }}",
        "data:text/html,x",
    ],
)
def test_hostile_text_stays_text_in_every_place(tmp_path: Path, text: str) -> None:
    hostile = stored("x.png", url=text, finalUrl=text, warnings=[text], contentType=text, note={text: text})
    document = receipt("f", hostile, failed("x", text, text, url=text), {**HALF, "url": text}, note={text: [text]})
    page = render(tmp_path, document | {"createdAt": text, "digest": text, "bucket": text})

    plain = render(tmp_path, receipt("f", stored("x.png"), HALF, HALF))
    assert {element.tag for element in page.elements()} <= {element.tag for element in plain.elements()} | {"div"}
    assert {name for element in page.elements() for name in element.attributes} <= ATTRIBUTES
    for link in page.find_all("a"):
        assert re.match(r"#image-\d+$|\.\./my%20results/images/", link.attributes["href"])
    assert page.text.count("\\u202egnp.exe" if text == BIDI else text) >= 8
    assert page.raw_text.replace("\n", "").isprintable()


def test_folder_with_a_name_that_is_no_text_has_links(tmp_path: Path) -> None:
    document = receipt("f", stored("x.png"))
    folder = write_objects(tmp_path / os.fsdecode(b"pictures \xff"), document)
    write_receipt_page(FolderSource(folder, tmp_path), "f", tmp_path / "page.html")

    page = parse_html((tmp_path / "page.html").read_text())
    assert page.find("img").attributes["src"] == f"pictures%20%FF/{document['images'][0]['key']}"
    assert "pictures \\udcff" in page.find("footer").text


def test_only_http_urls_are_links(tmp_path: Path) -> None:
    page = render(
        tmp_path, receipt("f", *[stored("x.png", url=url, finalUrl=url) for url in ("http://a.example/x", "ftp://a/x")])
    )
    links = [link.attributes for card in page.find_all("article") for link in card.find("dl").find_all("a")]

    assert links == [{"href": "http://a.example/x", "rel": "noreferrer noopener"}]


def test_queries_and_passwords_are_not_on_the_page(tmp_path: Path) -> None:
    url = "https://a.example/x.png?X-Amz-Signature=secret"
    render(
        tmp_path, receipt("f", stored("x.png", url=url, finalUrl=url), {**HALF, "url": "https://me:secret@a.example/"})
    )

    assert "secret" not in (tmp_path / "pages" / "page.html").read_text()


@pytest.mark.parametrize(
    "members",
    [
        {"key": "../../etc/passwd"},
        {"key": "receipts/f.json"},
        {"key": "images/00/" + "0" * 64 + ".png"},
        {"sha256": "0" * 64},
        {"key": stored("x.html")["key"], "contentType": "image/png"},
        {"key": stored("x.svg")["key"], "contentType": "image/svg+xml"},
        {"key": "https://evil.example/" + stored("x.png")["key"]},
    ],
)
@pytest.mark.parametrize("embed", [False, True])
def test_forged_key_is_shown_and_not_read(tmp_path: Path, members: dict[str, Any], *, embed: bool) -> None:
    page = render(tmp_path, receipt("f", stored("x.png") | members), embed=embed)

    assert page.find_all("img") == []
    assert page.find("div", "well").find_all("a") == []
    assert "The key in the receipt is not that of an image with this SHA-256." in page.text


@pytest.mark.parametrize("members", [{"contentType": "image/svg+xml"}, {"contentType": "text/html"}])
def test_image_of_another_type_than_its_key_is_not_drawn(tmp_path: Path, members: dict[str, Any]) -> None:
    assert render(tmp_path, receipt("f", stored("x.png") | members)).find_all("img") == []


@pytest.mark.parametrize("members", [{"width": 10**30}, {"height": -4}, {"bytes": 10**4000, "width": 0}])
def test_forged_figures_are_shown_and_not_used(tmp_path: Path, members: dict[str, Any]) -> None:
    page = render(tmp_path, receipt("f", stored("x.png") | members))

    assert page.find("img").attributes.keys().isdisjoint({"width", "height"})
    assert f"{next(iter(members.values())):,}" in page.find("p", "measures").text
