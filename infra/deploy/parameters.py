"""Reads the parameters of a deployment, as the user gives them to sam."""

import re
from collections.abc import Iterable

_PARAMETER = re.compile(r"""(?:ParameterKey=(\w+),ParameterValue|(\w+))=["']?(.*?)["']?""")
"""Both forms of a parameter that sam accepts: two groups for the name, one for the value."""


def read_parameters(texts: Iterable[str]) -> dict[str, str]:
    """Return the values of parameters by their names.

    Args:
        texts: as sam gets them, `Name=value`; a text may have several.
    """
    found = [match for text in texts for word in text.split() if (match := _PARAMETER.fullmatch(word))]
    return {match[1] or match[2]: match[3] for match in found}
