"""The id and the digest of a File."""

from typing import Any

import pytest

from intake.model.file import File, InvalidFile

URL = "https://a.example/1.png"


@pytest.mark.parametrize("text", ["a", "0", "lot-7.cam_2", "A" * 128, "a..b", "a" + "-" * 127])
def test_id_is_accepted_when_it_has_letters_digits_dots_dashes_underscores(text: str) -> None:
    assert text == File.parse({"id": text, "urls": [URL]}).id


@pytest.mark.parametrize(
    "text",
    ["", ".", "..", "../x", "a/b", "a\\b", "-a", "_a", "a b", "a\n", "a\x00", "ä", "a" * 129, "a%2Fb", "receipts/a"],
)
def test_id_is_refused_when_it_could_name_another_object(text: str) -> None:
    with pytest.raises(InvalidFile) as caught:
        File.parse({"id": text, "urls": [URL]})
    assert [fault.path for fault in caught.value.faults] == ["id"]


def test_id_is_a_digest_of_the_urls_when_missing() -> None:
    """It must never change: callers find receipts by it."""
    file = File.parse({"fileUrl": URL, "baseUrls": [["https://a.example/2.png"]]})
    assert file.id == file.digest == "7ea08cff0cf8b8b2e27b4bb12dbe1bedcee5ce79fcfeccd9c46d30f15b1c1f71"
    other_form = {
        "fileUrl": URL,
        "baseUrls": [{"url": "https://a.example/2.png", "sha256": "0123456789abcdef" * 4}],
        "note": {"lot": 7},
    }
    assert file.id == File.parse(other_form).id
    assert file.digest == File.parse({**other_form, "id": "x"}).digest


def test_digest_depends_on_urls_order_and_roles() -> None:
    documents: list[dict[str, Any]] = [
        {"fileUrl": "1", "baseUrls": [["2"]]},
        {"fileUrl": "2", "baseUrls": [["1"]]},
        {"fileUrl": "1", "baseUrls": [["2"], ["2"]]},
        {"fileUrl": "1", "baseUrls": [["2\u0000"]]},
        {"fileUrl": '1"],["base","2', "baseUrls": [["2"]]},
        {"urls": ["1", "2"]},
        {"urls": ["1", "2", "3"]},
        {"urls": ["12", "3"]},
        {"urls": ["1", "23"]},
    ]
    assert len(documents) == len({File.parse(document).digest for document in documents})
