"""The page of a run whose rows are hostile or very many."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from support.run_page import show, show_rows, write_images
from support.run_table import RUN, SHA256, failed_row, stored_row, write_part, write_summary

HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>'


def test_hostile_rows_are_text(tmp_path: Path) -> None:
    texts = [HOSTILE, "javascript:alert(1)", "\u202egnp.exe", "\x00\x1b[31m", "{{ 7 * 7 }}", "\ud800", "x" * 100_000]
    rows: list[Any] = []
    for text in texts:
        columns = dict.fromkeys(["id", "role", "url", "code", "message", "key", "contentType", "source"], text)
        note = {text: text, "nested": {text: [text]}}
        rows += [failed_row(1) | columns | {"note": note}, stored_row(2) | columns | {"warnings": [text], "note": note}]
        rows += [failed_row(3, url=f"https://images.example/{text}"), failed_row(4, url=f"https://{text}/")]
    write_summary(tmp_path, list=HOSTILE, startedAt=HOSTILE, endedAt=HOSTILE, error=HOSTILE, complete=HOSTILE)
    path = write_part(tmp_path, []).with_suffix("")  # JSON lines without compression
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))

    page = show(tmp_path)

    assert HOSTILE in page.text
    assert {element.tag for element in page.find_all()}.isdisjoint({"script", "iframe", "object", "form", "b\u202e"})
    for element in page.find_all():
        assert not {name for name in element.attributes if name.startswith("on") or name in {"style", "srcdoc"}}
        assert element.attributes.get("href", "https://").startswith(("https://images.example/", "#", "https://"))
        assert "49" not in element.attributes.get("href", "")
    assert not {"\u202e", "\x00", "\x1b", "\ud800"} & set(page.text)
    assert len((tmp_path / "runs" / RUN / "index.html").read_bytes()) < 200_000


def test_page_loads_nothing_but_stored_images(tmp_path: Path) -> None:
    write_images(tmp_path, f"images/3f/{SHA256}.jpg")
    page = show_rows(tmp_path, [stored_row(1), stored_row(2), failed_row(3)])

    policy, referrer, *_ = [meta.attributes for meta in page.find_all("meta") if meta.attributes.get("content")]
    assert policy["content"].startswith("default-src 'none'; img-src file:; style-src 'sha256-")
    assert referrer == {"name": "referrer", "content": "no-referrer"}
    assert [image.attributes["src"] for image in page.find_all("img")] == [f"../../images/3f/{SHA256}.jpg"]


@pytest.mark.parametrize("extension", ["html", "svg", "exe", "xhtml"])
def test_page_does_not_link_to_what_is_no_image(extension: str, tmp_path: Path) -> None:
    key = f"images/3f/{SHA256}.{extension}"
    write_images(tmp_path, key)

    page = show_rows(tmp_path, [stored_row(1, key=key), stored_row(2, key=key)])

    assert key not in (tmp_path / "runs" / RUN / "index.html").read_text()
    assert page.find("h1").text == "All 2 images are stored"


def test_page_of_20_000_rows_is_small_and_belongs_to_its_owner(tmp_path: Path) -> None:
    rows = [
        failed_row(row, code=f"code_{row % 40}", url=f"https://host-{row % 500}.example/{row}") for row in range(9_000)
    ]
    rows += [stored_row(row, url=f"https://host-{row % 500}.example/{row}") for row in range(9_000, 20_000)]

    show_rows(tmp_path, rows)

    status = (tmp_path / "runs" / RUN / "index.html").stat()
    assert status.st_size < 350_000
    assert stat.S_IMODE(status.st_mode) == 0o600
