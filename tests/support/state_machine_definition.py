"""infra/bulk.asl.yaml, read as CloudFormation reads it."""

from typing import Any

import yaml
from infra.build.template import ROOT, load

VALUES = {"Partition": "aws", "BulkFunction": "bulk", "SummaryFunction": "summary", "ImageBucket": "the-images"}
GIVEN: dict[str, Any] = load()["Resources"]["StateMachine"]["Properties"]["DefinitionSubstitutions"]


def definition(**values: int) -> dict[str, Any]:
    """The definition with its substitutions: in the text, before it is read, so that a number becomes a number.

    So does AWS: DefinitionProcessor.java of aws-cloudformation-resource-providers-stepfunctions.
    """
    numbers = {"BatchSize": 50, "MaxConcurrency": 32, "ToleratedFailurePercentage": 5} | values
    text = (ROOT / "infra" / "bulk.asl.yaml").read_text()
    for name, value in {**VALUES, **numbers}.items():
        text = text.replace("${" + name + "}", str(value))
    read: dict[str, Any] = yaml.safe_load(text)
    return read
