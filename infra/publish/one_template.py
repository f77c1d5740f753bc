"""Puts the resources of a nested stack into the template itself.

The Serverless Application Repository does not list AWS::CloudFormation::Stack among the resources that it supports, and
accepts nested applications only from the repository itself (its Developer Guide, "List of Supported AWS Resources").
"""

import re
from collections.abc import Mapping
from typing import Any

type Template = dict[str, Any]

_PLACEHOLDER = re.compile(r"\$\{([A-Za-z0-9]+)")


def inline(template: Template, nested: Template, stack: str) -> Template:
    """Return the template with the resources of its nested stack, and without the stack.

    Each resource of the nested stack must have a condition that holds only where the stack exists. A resource whose
    name is taken gets the name of the stack before its own.

    Args:
        template: has the stack.
        nested: the template of the stack, without other nested stacks.
        stack: the logical name of the stack.
    """
    taken = {*template["Parameters"], *template["Resources"]}
    names = {name: stack + name if name in taken else name for name in nested["Resources"]}
    values = template["Resources"][stack]["Properties"]["Parameters"]
    inside = _Replacement({name: {"Ref": new} for name, new in names.items() if name != new} | values, {})
    outputs = {f"{stack}.Outputs.{name}": inside.apply(each["Value"]) for name, each in nested["Outputs"].items()}
    outside = _Replacement({}, outputs)
    resources = {name: outside.apply(each) for name, each in template["Resources"].items() if name != stack}
    return {
        **template,
        "Conditions": template["Conditions"] | inside.apply(nested["Conditions"]),
        "Resources": resources | {names[name]: inside.apply(each) for name, each in nested["Resources"].items()},
        "Outputs": outside.apply(template["Outputs"]),
    }


class _Replacement:
    """Replaces references by name, and attributes by their text."""

    def __init__(self, references: Mapping[str, Any], attributes: Mapping[str, Any]) -> None:
        self._references = references
        self._attributes = attributes

    def apply(self, node: Any) -> Any:  # noqa: ANN401 - any value of a template
        match node:
            case {"Ref": str(name)}:
                return self._references.get(name, node)
            case {"Fn::GetAtt": attribute}:
                return self._attributes.get(attribute if isinstance(attribute, str) else ".".join(attribute), node)
            case {"Fn::Sub": str(text)}:
                return self._make_substitution(text, {})
            case {"Fn::Sub": [str(text), dict(variables)]}:
                return self._make_substitution(text, {name: self.apply(value) for name, value in variables.items()})
            case list():
                return [self.apply(value) for value in node]
        return {name: self.apply(value) for name, value in node.items()} if isinstance(node, dict) else node

    def _make_substitution(self, text: str, variables: dict[str, Any]) -> dict[str, Any]:
        """Return a Fn::Sub whose variables are the values of the references in its text."""
        used = {name: self._references[name] for name in _PLACEHOLDER.findall(text) if name in self._references}
        # A variable is a text or a function.
        used = {name: value if isinstance(value, dict) else str(value) for name, value in used.items()}
        return {"Fn::Sub": [text, used | variables] if used or variables else text}
