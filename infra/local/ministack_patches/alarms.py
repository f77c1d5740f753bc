"""Alarms on an expression, which MiniStack refuses."""

import importlib
from collections.abc import Callable
from typing import Any


def install() -> None:
    """Put the patch into MiniStack."""
    provisioners: Any = importlib.import_module("ministack.services.cloudformation.provisioners")
    provisioners._cw_metric_alarm_record = _with_metric_math(provisioners._cw_metric_alarm_record)  # noqa: SLF001


def _with_metric_math(record_plain: Callable[..., Any]) -> Callable[..., Any]:
    """MiniStack refuses an alarm on an expression, and with it the stack; here it is kept, and never goes on."""

    def record(name: str, given: dict[str, Any]) -> Any:  # noqa: ANN401 - MiniStack's own
        if "Metrics" not in given:
            return record_plain(name, given)
        plain = {key: value for key, value in given.items() if key != "Metrics"}
        return record_plain(name, plain | {"Namespace": "expression", "MetricName": given["Metrics"][0]["Expression"]})

    return record
