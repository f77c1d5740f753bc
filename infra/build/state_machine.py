"""Reads the definition of a state machine as JSON, which is accepted where YAML is not."""

import json
import re
from pathlib import Path

import yaml

_PLACEHOLDER = r"\$\{\w+\}"


def read_definition(path: Path) -> str:
    """Return the definition in a YAML file as JSON.

    As in CloudFormation, substitution replaces text: a placeholder that is a whole value has no quotes, so that it may
    become a number.
    """
    quoted = re.sub(rf": ({_PLACEHOLDER})(?=\s)", r': "unquoted \1"', path.read_text())
    definition = json.dumps(yaml.safe_load(quoted), indent=1)
    return re.sub(rf'"unquoted ({_PLACEHOLDER})"', r"\1", definition)
