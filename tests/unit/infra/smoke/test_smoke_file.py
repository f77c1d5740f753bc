"""The File of a run, as the service parses it."""

import pytest
from infra.smoke.smoke_file import FORBIDDEN_URL, NAMES, SmokeFile, names_invalid_member

from intake.model.file import File, InvalidFile
from support.smoke_fakes import FILE, PICTURES


@pytest.mark.parametrize("name", NAMES)
def test_document_is_a_valid_file_under_an_id_of_its_own(name: str) -> None:
    file = File.parse(FILE.document(name))
    assert file.id == f"smoke-1a2b3c4d-{name}"
    assert [image.url for image in file.images] == [*FILE.urls, FORBIDDEN_URL]
    assert file.refresh


@pytest.mark.parametrize("number", [2, 3, 4])
def test_document_has_both_forms_of_base_images(number: int) -> None:
    file = SmokeFile("smoke-1", (PICTURES * 2)[:number], [f"https://a.example/{n}" for n in range(number)])
    first, *others = file.document("http")["baseUrls"]
    assert (first, len(others)) == (["https://a.example/1"], number - 1)
    assert others[-1] == {"url": FORBIDDEN_URL}


def test_invalid_document_is_refused_for_its_url() -> None:
    with pytest.raises(InvalidFile) as refused:
        File.parse(FILE.invalid_document("http"))
    assert names_invalid_member([{"path": fault.path} for fault in refused.value.faults])


def test_file_expects_each_picture_and_the_forbidden_address() -> None:
    expected = [(image.name, image.code, image.key) for image in FILE.expected]
    whole = PICTURES[0]
    assert expected == [
        ("whole.jpg", "", whole.key),
        ("truncated.jpg", "invalid_image", None),
        (FORBIDDEN_URL, "blocked", None),
    ]
