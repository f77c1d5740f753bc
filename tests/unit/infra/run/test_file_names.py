"""Which names a file in the folder of results may have."""

import pytest
from infra.run.file_names import check_name, make_temporary_name, parent_of


@pytest.mark.parametrize(
    "name",
    ["a", "images/3f/3f9a.jpg", "receipts/lot-7.cam_2.json", "runs/a/b/c.gz", "receipts/é ü\udcff.json", "a..b/c."],
)
def test_name_inside_the_folder_is_allowed(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/",
        "/etc/passwd",
        "..",
        "../a",
        "images/../../a",
        "images/..",
        "./a",
        "a/./b",
        "a//b",
        "a/",
        ".store/write.lock",
        "images/.hidden",
        "a\0b",
    ],
)
def test_name_that_leaves_the_folder_or_is_hidden_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="is not the name of a file in the folder"):
        check_name(name)


def test_parent_is_the_folder_of_a_name() -> None:
    assert [parent_of(name) for name in ("images/ab/c.jpg", "images", "a.json")] == ["images/ab", ".", "."]


def test_temporary_names_differ_and_are_hidden() -> None:
    names = {make_temporary_name() for _ in range(100)}
    assert len(names) == 100
    assert all(name.startswith(".store/") and name.endswith(".part") for name in names)
