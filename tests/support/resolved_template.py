"""A template with the values of its parameters: conditions, Fn::If and parameters are resolved."""

import re
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

NO_VALUE = {"Ref": "AWS::NoValue"}
_PLACEHOLDER = re.compile(r"\$\{([A-Za-z0-9]+)\}")


def resolve(template: Mapping[str, Any], parameters: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return the resources and outputs that exist, with the properties that they have.

    References to resources and to pseudo parameters are kept. A variable of Fn::Sub becomes part of its text.

    Args:
        template: with the long forms of the functions, as `template_file.load` returns it.
        parameters: values by name; the others have their defaults.
    """
    values = {name: each.get("Default", "") for name, each in template["Parameters"].items()} | dict(parameters or {})
    resolver = _Resolver(values, template.get("Conditions", {}))
    resolved = deepcopy(dict(template))
    for section in ("Resources", "Outputs"):
        existing = {name: each for name, each in template.get(section, {}).items() if resolver.exists(each)}
        resolved[section] = resolver.value(existing)
    resolved["Globals"] = resolver.value(template.get("Globals", {}))
    return resolved


def keeps_rules(template: Mapping[str, Any], parameters: Mapping[str, str]) -> bool:
    """Whether CloudFormation accepts the parameters together: every assertion of `Rules` is true."""
    values = {name: each.get("Default", "") for name, each in template["Parameters"].items()} | dict(parameters)
    resolver = _Resolver(values, {})
    rules = template["Rules"].values()
    return all(resolver.is_true(assertion["Assert"]) for rule in rules for assertion in rule["Assertions"])


class _Resolver:
    def __init__(self, values: Mapping[str, Any], conditions: Mapping[str, Any]) -> None:
        self._values = values
        self._conditions = conditions

    def exists(self, item: Mapping[str, Any]) -> bool:
        return "Condition" not in item or self.is_true({"Condition": item["Condition"]})

    def is_true(self, condition: Mapping[str, Any]) -> bool:
        [(function, argument)] = condition.items()
        match function:
            case "Condition":
                return self.is_true(self._conditions[argument])
            case "Fn::Equals":
                first, second = map(self.value, argument)
                return str(first) == str(second)
            case "Fn::Not":
                return not self.is_true(argument[0])
            case "Fn::And":
                return all(map(self.is_true, argument))
            case "Fn::Or":
                return any(map(self.is_true, argument))
        raise AssertionError(f"an unknown function: {function}")

    def value(self, node: Any) -> Any:
        match node:
            case {"Fn::If": [str(name), chosen, other]}:
                return self.value(chosen if self.is_true({"Condition": name}) else other)
            case {"Ref": str(name)}:
                return self._values.get(name, node)
            case {"Fn::Sub": str(text)}:
                return self._substitute(text, {})
            case {"Fn::Sub": [str(text), dict(variables)]}:
                return self._substitute(text, variables)
            case _:
                return self._members(node)

    def _members(self, node: Any) -> Any:
        """Resolve what is inside; a member without a value is left out."""
        match node:
            case {"Fn::Split": [str(delimiter), text]} if isinstance(resolved := self.value(text), str):
                return resolved.split(delimiter)
            case {"Fn::Split": [str(delimiter), {"Fn::Sub": _} as text]} if isinstance(
                written := self.value(text).get("Fn::Sub"), str
            ):
                return [{"Fn::Sub": part} if "${" in part else part for part in written.split(delimiter)]
            case {"Fn::Join": [str(delimiter), items]} if all(isinstance(item, str) for item in self.value(items)):
                return delimiter.join(self.value(items))
            case dict():
                items = {key: self.value(item) for key, item in node.items()}
                return {key: item for key, item in items.items() if item != NO_VALUE}
            case list():
                return [item for item in map(self.value, node) if item != NO_VALUE]
        return node

    def _substitute(self, text: str, variables: Mapping[str, Any]) -> Any:
        kept = {}

        def written(found: re.Match[str]) -> str:
            name = found[1]
            value = self.value(variables[name]) if name in variables else self._values.get(name, {"Ref": name})
            if isinstance(value, dict) and value.keys() == {"Ref"}:
                return f"${{{value['Ref']}}}"
            if isinstance(value, dict):
                kept[name] = value
                return found[0]
            return str(value)

        text = _PLACEHOLDER.sub(written, text)
        if kept:
            return {"Fn::Sub": [text, kept]}
        return {"Fn::Sub": text} if "${" in text else text
