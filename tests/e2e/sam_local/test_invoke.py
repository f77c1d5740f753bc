"""`sam local invoke`: every function, in AWS's runtime, with the settings and the events of docs/sam-local.md."""

import json

import pytest
from infra.template import ROOT, functions, load

from support.sam_local.cases import CASES, Case
from support.sam_local.lab import Ground
from support.sam_local.page import Page
from support.sam_local.shell import lacking

TEMPLATE = load()
ENV = json.loads((ROOT / "infra" / "local" / "env.json").read_text())
EVENTS = ROOT / "tests" / "events"


def command(typed: Page, case: Case) -> str:
    """What the page tells to type for its first event, for another one."""
    first, _, _ = typed.block("Invoke a function").partition("\n")
    return first.replace(CASES[0].function, case.function).replace(CASES[0].event, case.event)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.function}-{case.event}")
def test_a_function_does_with_its_event_what_it_does_on_aws(typed: Page, ground: Ground, case: Case) -> None:
    case.given(ground)

    answer = json.loads(ground.type(command(typed, case)))

    case.comes_out(ground, answer)


def test_the_commands_of_the_page_are_those_that_are_tested(typed: Page) -> None:
    commands = {command(typed, case) for case in CASES}
    assert set(typed.block("Invoke a function").splitlines()) <= commands


def test_every_function_has_an_event_and_every_event_stands_in_the_page(typed: Page) -> None:
    assert {case.function for case in CASES} == set(functions(TEMPLATE))
    assert {case.event for case in CASES} == {file.name for file in EVENTS.iterdir()}
    assert typed.rows == [(case.function, case.event) for case in CASES]


def test_every_variable_of_the_settings_is_named_by_the_template() -> None:
    """The others sam drops, and says nothing."""
    named = TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]
    assert set(ENV) == {"Parameters"}
    assert set(ENV["Parameters"]) - set(named) == set()


def test_a_machine_without_docker_is_told_so() -> None:
    assert "sam local needs Docker" in (lacking({"PATH": "/nowhere"}) or "")


def test_an_engine_that_does_not_answer_is_told_of(ground: Ground) -> None:
    env = ground.shell.env | {"DOCKER_HOST": f"unix://{ground.shell.home}/no.sock"}
    assert "sam local needs Docker" in (lacking(env) or "")
