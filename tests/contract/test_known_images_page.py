"""docs/known-images.md says what the code of known images does: its example, its signatures, its sources."""

import re

import pytest
from infra.build.template_file import ROOT

from intake.known.known_document import KnownDocument
from intake.known.url_key import _SIGNATURES, _Signature, url_key
from intake.model.outcome import Source
from intake.model.url import Url

PAGE = (ROOT / "docs" / "known-images.md").read_text()
ROWS_BY_NAME = {
    "AWS4": "AWS Signature Version 4",
    "AWS2": "AWS Signature Version 2",
    "GOOG4": "Google Cloud Storage, V4",
    "GOOG2": "Google Cloud Storage, V2",
    "CloudFront": "CloudFront",
    "SAS": "Azure SAS",
}


def cells(first: str) -> list[str]:
    """Return the other cells of the row of a table, by its first cell."""
    [row] = re.findall(rf"^\| {re.escape(first)} \| (.*) \|$", PAGE, re.MULTILINE)
    return [cell.strip() for cell in f"{row} ".split(" | ")]


def test_page_has_a_row_for_each_source() -> None:
    assert re.findall(r"^\| `(\w+)` \| ", PAGE, re.MULTILINE) == ["source", *Source]


def test_page_shows_a_document_that_the_service_reads() -> None:
    [example] = re.findall(r"^```jsonl\n(.*)\n```", PAGE, re.MULTILINE)

    document = KnownDocument.parse(example.encode())

    assert list(document.images) == [url_key(Url.parse("https://images.example/golden.png"))]
    assert KnownDocument.parse(document.to_json()) == document


@pytest.mark.parametrize("signature", _SIGNATURES, ids=lambda signature: signature.name)
def test_page_lists_every_parameter_of_a_signature(signature: _Signature) -> None:
    required, optional = (set(re.findall("`([^`]+)`", cell)) for cell in cells(ROWS_BY_NAME[signature.name]))

    assert required == set().union(*signature.required)
    assert optional == signature.parameters - required
