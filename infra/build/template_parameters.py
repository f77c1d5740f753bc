"""Checks the values that a user gives to the parameters of the template.

`sam deploy` ignores a parameter that the template does not have. CloudFormation checks the values of the others, but
only after the artifact is built and uploaded.
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from difflib import get_close_matches
from typing import Any

from infra.build.template_file import load


def find_parameter_faults(given: Mapping[str, str]) -> list[str]:
    """Return one line for each parameter that the template does not have, and for each value that it refuses.

    Args:
        given: values by the names of their parameters.
    """
    known: dict[str, dict[str, Any]] = load()["Parameters"] if given else {}
    return [
        fault
        for name, value in given.items()
        if (fault := _find_fault(name, value, known[name]) if name in known else _explain_unknown(name, known))
    ]


def _explain_unknown(name: str, known: Mapping[str, object]) -> str:
    by_lower_case = {each.lower(): each for each in known}
    similar = get_close_matches(name.lower(), by_lower_case, n=1)
    advice = f"Did you mean {by_lower_case[similar[0]]}?" if similar else "template.yaml lists all of them."
    return f"{name}: the template has no such parameter. {advice}"


def _find_fault(name: str, value: str, parameter: Mapping[str, Any]) -> str | None:
    """Return what is wrong with a value; None if CloudFormation accepts it."""
    if allowed := [str(each) for each in parameter.get("AllowedValues", [])]:
        return None if value in allowed else f"{name}={value}: expected one of {', '.join(allowed)}."
    if parameter["Type"] == "Number":
        least, most = parameter["MinValue"], parameter["MaxValue"]
        with suppress(ValueError):
            if least <= float(value) <= most:
                return None
        return f"{name}={value}: expected a number from {least} to {most}."
    if re.fullmatch(parameter["AllowedPattern"], value):
        return None
    return f"{name}={value}: {parameter['ConstraintDescription'].rstrip('.')}."
