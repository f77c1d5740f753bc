"""Reads template.yaml, with the short forms of its intrinsic functions (`!Ref`, `!Sub`)."""

from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
"""The root directory of the repository."""


class _Loader(yaml.SafeLoader):
    """Reads `!Ref X` as `{"Ref": "X"}` and `!Sub X` as `{"Fn::Sub": "X"}`, as in the JSON form of a template."""


def _intrinsic(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    elif isinstance(node, yaml.MappingNode):
        value = loader.construct_mapping(node, deep=True)
    return {suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _intrinsic)


def load(path: Path = ROOT / "template.yaml") -> dict[str, Any]:
    """Read a template as dicts and lists."""
    loaded: dict[str, Any] = yaml.load(path.read_text(), Loader=_Loader)  # noqa: S506 - a SafeLoader
    return loaded


def functions(template: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The properties of every function by logical name, those of `Globals` included."""
    shared = template.get("Globals", {}).get("Function", {})
    return {
        name: {**shared, **resource["Properties"]}
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::Serverless::Function"
    }
