"""docs/security.md names an existing test for every promise, and the README makes only promises of that page."""

import re

import pytest
from infra.build.template_file import ROOT

from support.origin import BEHAVIOURS

PAGE = (ROOT / "docs" / "security.md").read_text()
README = (ROOT / "README.md").read_text()
ROW = re.compile(r"^\| (\d+) \| (.+) \|$", re.MULTILINE)
NAMED = re.compile(r"`([\w/]+\.py)?(?:::(\w+))?`")
NOT_COLLECTED = ("bench/", "local/")


def section(page: str, heading: str) -> str:
    return page.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


PROMISES = {int(number): promise for number, promise in ROW.findall(section(PAGE, "What is promised"))}
HELD_BY = {int(number): tests for number, tests in ROW.findall(section(PAGE, "Which tests hold the promises"))}


def named_in(held_by: str) -> list[tuple[str, str]]:
    """Return file and name of each test in a cell; an empty name means the whole file, `::name` the file before."""
    found: list[tuple[str, str]] = []
    for file, name in NAMED.findall(held_by):
        if file or name:
            found.append((file or found[-1][0], name))
    return found


def is_missing(file: str, name: str) -> bool:
    path = ROOT / "tests" / file
    if not path.is_file() or not path.name.startswith("test_") or file.startswith(NOT_COLLECTED):
        return True
    return not re.search(rf"^\s*(?:async )?def {name or r'test_\w+'}\(", path.read_text(), re.MULTILINE)


def test_promises_are_numbered_and_have_tests() -> None:
    assert list(PROMISES) == list(range(1, 15))
    assert HELD_BY.keys() == PROMISES.keys()


def test_readme_makes_three_promises_of_the_page() -> None:
    promised = re.findall(r"^\* (.+)$", section(README, "Promises"), re.MULTILINE)

    assert len(promised) == 3
    assert set(promised) <= set(PROMISES.values())


@pytest.mark.parametrize("number", HELD_BY)
def test_page_names_existing_tests_for_promise(number: int) -> None:
    named = named_in(HELD_BY[number])

    assert named
    assert [test for test in named if is_missing(*test)] == []


def test_page_names_existing_tests_for_known_images() -> None:
    named = [test for test in named_in(section(PAGE, "What known images add")) if test[0]]

    assert len(named) > 5
    assert [test for test in named if is_missing(*test)] == []


def test_missing_test_is_found() -> None:
    assert not is_missing("contract/test_security.py", "test_missing_test_is_found")
    assert is_missing("contract/test_security.py", "test_missing_test")
    assert is_missing("contract/test_of_nothing.py", "")
    assert is_missing("bench/leak_check.py", "")


def test_every_attacker_faces_promises_of_the_page() -> None:
    cells = re.findall(r"\| ([\d, ]+) \|$", section(PAGE, "Who attacks"), re.MULTILINE)

    assert len(cells) > 5
    assert {int(number) for cell in cells for number in cell.split(",")} <= PROMISES.keys()


def test_page_counts_the_behaviours_of_origins() -> None:
    [count] = re.findall(r"about (\d+) behaviours", PAGE)

    assert abs(int(count) - len(BEHAVIOURS)) <= 15
