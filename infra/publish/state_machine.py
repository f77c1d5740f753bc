"""Puts the definition of a state machine into the template itself.

The Serverless Application Repository copies the code of functions, and no definition: a stack in another account would
read it from the bucket of the publisher, which denies that.
"""

from collections.abc import Mapping
from typing import Any


def embed_definition(machine: Mapping[str, Any], definition: str) -> dict[str, Any]:
    """Return a state machine of SAM as one of CloudFormation, with its definition.

    Args:
        machine: an AWS::Serverless::StateMachine with a role of its own.
        definition: in JSON, with the placeholders of `DefinitionSubstitutions`.
    """
    properties = machine["Properties"]
    return {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {
            "DefinitionString": definition,
            "DefinitionSubstitutions": properties["DefinitionSubstitutions"],
            "RoleArn": properties["Role"],
        },
    }
