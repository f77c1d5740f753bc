"""The page on security names tests that there are, for every promise, and the README makes the same promises."""

import re

import pytest
from infra.build.template import ROOT

from support.origin import BEHAVIOURS

PAGE = (ROOT / "docs" / "security.md").read_text()
README = (ROOT / "README.md").read_text()
ROW = re.compile(r"^\| (\d+) \| ([^|]+) \|(.*)$", re.MULTILINE)
NAMED = re.compile(r"`([\w/]+\.py)?(?:::(\w+))?`")
NOT_COLLECTED = ("bench/", "local/")

PROMISES = {int(number): (promise, held_by) for number, promise, held_by in ROW.findall(PAGE)}


def named_in(held_by: str) -> list[tuple[str, str]]:
    """File and name of each test that a cell names; "" stands for the whole file, and no file for the one before."""
    found: list[tuple[str, str]] = []
    for file, name in NAMED.findall(held_by):
        if file or name:
            found.append((file or found[-1][0], name))
    return found


def missing(file: str, name: str) -> bool:
    path = ROOT / "tests" / file
    if not path.is_file() or not path.name.startswith("test_") or file.startswith(NOT_COLLECTED):
        return True
    return not re.search(rf"^\s*(?:async )?def {name or r'test_\w+'}\(", path.read_text(), re.MULTILINE)


def test_promises_are_numbered_and_those_of_the_readme() -> None:
    readme = {int(number): promise for number, promise in re.findall(r"^\| (\d+) \| ([^|]+) \|$", README, re.MULTILINE)}

    assert list(range(1, 14)) == list(PROMISES)
    assert {number: promise for number, (promise, _) in PROMISES.items()} == readme


@pytest.mark.parametrize("number", PROMISES)
def test_every_promise_is_held_by_tests_that_there_are(number: int) -> None:
    _, held_by = PROMISES[number]

    assert named_in(held_by)
    assert [test for test in named_in(held_by) if missing(*test)] == []


def test_a_test_that_is_not_there_would_be_found() -> None:
    assert not missing("contract/test_security.py", "test_a_test_that_is_not_there_would_be_found")
    assert missing("contract/test_security.py", "test_a_test_that_is_not")
    assert missing("contract/test_of_nothing.py", "")
    assert missing("bench/load.py", "")


def test_against_each_attacker_stand_promises_that_are_made() -> None:
    table = PAGE.partition("## Who attacks")[2].partition("\n## ")[0]
    stand = re.findall(r"\| ([\d, ]+) \|$", table, re.MULTILINE)

    assert len(stand) > 5
    assert {int(number) for cell in stand for number in cell.split(",")} <= PROMISES.keys()


def test_the_table_of_behaviours_is_about_as_long_as_it_says() -> None:
    [said] = re.findall(r"some (\d+) behaviours", PAGE)

    assert abs(int(said) - len(BEHAVIOURS)) <= 15
