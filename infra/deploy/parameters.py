"""Reads and checks the parameters of a deployment, as the user gives them to sam."""

import re
import shlex
from collections.abc import Iterable, Mapping

from infra.build.template_parameters import find_parameter_faults

_PARAMETER = re.compile(r"(?:ParameterKey=(\w+),ParameterValue|(\w+))=(.*)", re.DOTALL)
"""Both forms of a parameter that sam accepts: two groups for the name, one for the value."""

_OF_THE_REGION = ("KmsKeyArn", "AlarmTopicArn")
"""Parameters whose ARN must have the region of the stack: AWS refuses another only while it deploys, or never tells."""


class ParameterError(Exception):
    """The parameters cannot be deployed; the text names each fault."""


def read_parameters(texts: Iterable[str]) -> dict[str, str]:
    """Return the values of parameters by their names.

    Args:
        texts: as sam gets them, `Name=value`; a text may have several, and a value quotes. Files are left to sam.

    Raises:
        ParameterError: a text is something else.
    """
    words = [word for text in texts for word in _split(text) if not word.startswith("file://")]
    found = {word: _PARAMETER.fullmatch(word) for word in words}
    if wrong := [
        f"{word}: expected Name=value, with quotes around spaces." for word, match in found.items() if not match
    ]:
        raise ParameterError(_list_faults(wrong))
    return {match[1] or match[2]: match[3] for match in found.values() if match}


def _split(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:  # a quotation mark without its partner
        return [text]


def check_parameters(given: Mapping[str, str]) -> None:
    """Check that the template has the parameters and accepts their values.

    Raises:
        ParameterError: it does not, or `Architecture` is set past the variable of make.
    """
    faults = find_parameter_faults(given)
    if "Architecture" in given:  # the code would be built for another processor
        faults.append(f"Architecture: set the variable of make in its place, ARCH={given['Architecture']}.")
    if faults:
        raise ParameterError(_list_faults(faults))


def check_regions(given: Mapping[str, str], region: str) -> None:
    """Check that the key and the topic are in the region of the stack.

    Raises:
        ParameterError: one of them is in another region.
    """
    arns = [(name, given[name]) for name in _OF_THE_REGION if given.get(name)]
    if faults := [
        f"{name}={arn}: expected an ARN of {region}, the region of the stack."
        for name, arn in arns
        if arn.split(":")[3] != region
    ]:
        raise ParameterError(_list_faults(faults))


def _list_faults(faults: Iterable[str]) -> str:
    return "\n  ".join(["PARAMETERS cannot be deployed:", *faults])
