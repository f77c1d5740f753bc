"""Patch of CloudFormation: alarms on an expression."""

import importlib
from collections.abc import Callable
from typing import Any


def apply() -> None:
    """Replace the function that creates an alarm of a stack."""
    provisioners: Any = importlib.import_module("ministack.services.cloudformation.provisioners")
    provisioners._cw_metric_alarm_record = _accept_expression(provisioners._cw_metric_alarm_record)  # noqa: SLF001


def _accept_expression(original: Callable[..., Any]) -> Callable[..., Any]:
    """Create an alarm on an expression; it never changes its state.

    AWS: AWS::CloudWatch::Alarm has `Metrics`, a list of metrics and expressions, in place of `MetricName`.
    MiniStack: refuses an alarm with `Metrics`, and with it the whole stack.
    """

    def create_record(name: str, properties: dict[str, Any]) -> Any:  # noqa: ANN401 - MiniStack's own
        if "Metrics" not in properties:
            return original(name, properties)
        plain = {key: value for key, value in properties.items() if key != "Metrics"}
        expression = properties["Metrics"][0]["Expression"]
        return original(name, plain | {"Namespace": "expression", "MetricName": expression})

    return create_record
