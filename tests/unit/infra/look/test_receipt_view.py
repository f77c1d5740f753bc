"""What the page of a receipt says of an image."""

import re
from typing import Any

import pytest
from infra.build.template_file import ROOT
from infra.look.receipt_view import SOURCES, FailedView, StoredView, view_images

from intake.model.error_codes import LEAVES
from intake.model.outcome import Source
from intake.model.receipt import Receipt
from support.receipt_documents import ORIGIN, failed, receipt, stored


def view(entry: dict[str, Any]) -> Any:
    [found] = view_images(Receipt.model_validate(receipt("f", entry)))
    return found


@pytest.mark.parametrize("code", [leaf.code for leaf in LEAVES])
def test_advice_is_the_one_of_the_errors_page(code: str) -> None:
    """Without its Markdown: a page of a receipt has no links to the documentation."""
    [row] = [
        line for line in (ROOT / "docs" / "errors.md").read_text().splitlines() if line.startswith(f"| `{code}` |")
    ]
    image = view(failed("x", code))

    assert isinstance(image, FailedView)
    assert image.advice == re.sub(r"\[(.*?)\]\(.*?\)", r"\1", row.split("|")[4]).strip().replace("`", "")


@pytest.mark.parametrize("code", ["no_such_code", "", "<script>"])
def test_unknown_code_has_advice_too(code: str) -> None:
    assert view(failed("x", code)).advice == "See docs/errors.md of the version that wrote the receipt."


@pytest.mark.parametrize("source", Source)
def test_every_source_is_explained(source: Source) -> None:
    image = view(stored("x.png", source=source))

    assert isinstance(image, StoredView)
    assert image.source == SOURCES[source]


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("a.jpg", "https://a.example/lot/a.jpg"),
        ("lot", "https://a.example/lot/"),
        ("a.example", "https://a.example"),
        ("a.example:8080", "https://a.example:8080/?name=x.jpg"),
        ("a.jpg", "s3://bucket/a.jpg"),
        ("no scheme/a.jpg", "no scheme/a.jpg"),
        ("javascript:alert(1)", "javascript:alert(1)"),
        ("x" * 80 + "…", f"https://a.example/{'x' * 81}"),
        ("://", "://"),
        ("", ""),
    ],
)
def test_image_is_named_by_its_url(name: str, url: str) -> None:
    assert view(failed("x", url=url)).name == name


@pytest.mark.parametrize(
    ("expected", "url", "final_url"),
    [
        ("", f"{ORIGIN}/a.png", f"{ORIGIN}/a.png"),
        ("", f"{ORIGIN}/a b.png?q", f"{ORIGIN}/a%20b.png"),
        ("", "HTTPS://a.example", "https://a.example/"),
        (f"{ORIGIN}/b.png", f"{ORIGIN}/a.png", f"{ORIGIN}/b.png"),
        ("https://a.example/", "not a URL", "https://a.example/?secret"),
    ],
)
def test_final_url_is_shown_where_it_is_another(expected: str, url: str, final_url: str) -> None:
    assert view(stored("a.png", url=url, finalUrl=final_url)).final_url == expected
