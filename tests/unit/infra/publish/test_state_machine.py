"""The state machine of a published template is that of the template, with its definition inside."""

import json
import re

import yaml
from infra.build.state_machine import read_definition
from infra.build.template_file import ROOT, load
from infra.publish.state_machine import embed_definition

from support.transformed_template import transform

PATH = ROOT / "infra" / "bulk.asl.yaml"
NUMBERS = {"BatchSize": "50", "MaxConcurrency": "32", "ToleratedFailurePercentage": "5"}


def substitute(text: str) -> str:
    """Replace each placeholder as CloudFormation does."""
    return re.sub(r"\$\{(\w+)\}", lambda found: NUMBERS.get(found[1], f"the {found[1]}"), text)


def test_definition_in_json_is_that_of_the_file_when_the_placeholders_are_replaced() -> None:
    assert json.loads(substitute(read_definition(PATH))) == yaml.safe_load(substitute(PATH.read_text()))


def test_machine_with_its_definition_differs_from_that_of_sam_in_nothing_else() -> None:
    made = embed_definition(load()["Resources"]["StateMachine"], read_definition(PATH))
    by_sam = transform(load())["Resources"]["StateMachine"]

    assert made["Type"] == by_sam["Type"]
    assert made["Properties"].pop("DefinitionString") == read_definition(PATH)
    left_out = {"DefinitionS3Location", "Tags"}
    assert made["Properties"] == {name: each for name, each in by_sam["Properties"].items() if name not in left_out}
