"""The state machine definition, infra/bulk.asl.yaml, with its placeholders substituted as by CloudFormation."""

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
