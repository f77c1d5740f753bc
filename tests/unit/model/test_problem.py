"""Problem documents: bounded, whatever the faults contain."""

import json
from http import HTTPStatus

import pytest

from intake.model.file import Fault
from intake.model.problem import MAX_ERRORS, Problem

LAMBDA_RESPONSE_BYTES = 6 * 1024 * 1024
FAULT = Fault("baseUrls", "is missing")


@pytest.mark.parametrize(
    ("faults", "more", "listed", "detail"),
    [
        (0, 0, 0, "No File."),
        (MAX_ERRORS, 0, MAX_ERRORS, "No File."),
        (MAX_ERRORS + 1, 0, MAX_ERRORS, "No File. 1 more faults are not listed."),
        (100_000, 0, MAX_ERRORS, "No File. 99,500 more faults are not listed."),
        (3, 1234, 3, "No File. 1,234 more faults are not listed."),
    ],
)
def test_problem_lists_the_first_faults_and_says_how_many_more_there_are(
    faults: int, more: int, listed: int, detail: str
) -> None:
    problem = Problem.of(HTTPStatus.UNPROCESSABLE_ENTITY, "No File.", [FAULT] * faults, more_faults=more)
    assert (len(problem.errors), problem.detail) == (listed, detail)


@pytest.mark.parametrize("character", ["x", "\x00", "\ud83d", "寸", "😀", '"', "\\", "\u202e"])
def test_problem_is_smaller_than_a_response_of_lambda_whatever_the_faults_contain(character: str) -> None:
    text = character * 100_000
    problem = Problem.of(HTTPStatus.UNPROCESSABLE_ENTITY, "No File.", [Fault(text, text)] * 100_000)
    response = json.dumps({"body": problem.to_json().decode()})
    assert len(response) < LAMBDA_RESPONSE_BYTES
