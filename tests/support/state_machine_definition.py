"""State machine definitions, with placeholders substituted as by CloudFormation: infra/bulk.asl.yaml, and of a page."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from infra.build.template_file import ROOT, load

VALUES = {"Partition": "aws", "BulkFunction": "bulk", "SummaryFunction": "summary", "ImageBucket": "the-images"}
SUBSTITUTIONS: dict[str, Any] = load()["Resources"]["StateMachine"]["Properties"]["DefinitionSubstitutions"]


def definition(**values: int) -> dict[str, Any]:
    """Substitute the placeholders in the text, then parse it, so that a number becomes a number.

    AWS does it in this order (DefinitionProcessor.java of aws-cloudformation-resource-providers-stepfunctions).
    """
    numbers = {"BatchSize": 50, "MaxConcurrency": 32, "ToleratedFailurePercentage": 5} | values
    text = (ROOT / "infra" / "bulk.asl.yaml").read_text()
    for name, value in {**VALUES, **numbers}.items():
        text = text.replace("${" + name + "}", str(value))
    parsed: dict[str, Any] = yaml.safe_load(text)
    return parsed


def load_page_states(page: Path, values: Mapping[str, str]) -> dict[str, Any]:
    """Return the states in the only YAML block of a page."""
    [text] = re.findall(r"^```yaml\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE)
    for name, value in values.items():
        text = text.replace("${" + name + "}", value)
    states: dict[str, Any] = yaml.safe_load(text)
    return states
