"""`sam local invoke` runs every function in AWS's runtime, with the settings and events of docs/sam-local.md."""

import json

import pytest
from infra.build.template_file import ROOT, list_functions, load

from support.sam_local.cases import CASES, Case
from support.sam_local.documented_commands import Page
from support.sam_local.lab import SamLocalLab
from support.sam_local.shell import missing_requirement

TEMPLATE = load()
ENV = json.loads((ROOT / "infra" / "local" / "env.json").read_text())
EVENTS = ROOT / "tests" / "events"


def command_for(commands: Page, case: Case) -> str:
    """Return the page's command for its first event, changed for another case."""
    first, _, _ = commands.block("Invoke a function").partition("\n")
    return first.replace(CASES[0].function, case.function).replace(CASES[0].event, case.event)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.function}-{case.event}")
def test_function_handles_its_event(commands: Page, lab: SamLocalLab, case: Case) -> None:
    case.prepare(lab)

    result = json.loads(lab.run(command_for(commands, case)))

    case.check(lab, result)


def test_every_command_of_the_page_is_tested(commands: Page) -> None:
    tested = {command_for(commands, case) for case in CASES}
    assert set(commands.block("Invoke a function").splitlines()) <= tested


def test_every_function_has_an_event_and_every_event_is_on_the_page(commands: Page) -> None:
    assert {case.function for case in CASES} == set(list_functions(TEMPLATE))
    assert {case.event for case in CASES} == {file.name for file in EVENTS.iterdir()}
    assert commands.rows == [(case.function, case.event) for case in CASES]


def test_every_variable_of_the_settings_is_in_the_template() -> None:
    """Sam silently ignores other variables."""
    named = TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]
    assert set(ENV) == {"Parameters"}
    assert set(ENV["Parameters"]) - set(named) == set()


def test_missing_docker_is_reported() -> None:
    assert "sam local needs Docker" in (missing_requirement({"PATH": "/nowhere"}) or "")


def test_docker_engine_that_does_not_respond_is_reported(lab: SamLocalLab) -> None:
    env = lab.shell.env | {"DOCKER_HOST": f"unix://{lab.shell.home}/no.sock"}
    assert "sam local needs Docker" in (missing_requirement(env) or "")
