"""Checks `VERIFY` before a deployment: the functions need the artifact that the parameter `Verify` asks for."""

from collections.abc import Mapping
from contextlib import suppress

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from infra.deploy.account import CONFIG

_STRUCTURE, _DECODE = "structure", "decode"


class VerificationError(Exception):
    """The stack cannot be deployed with this VERIFY; the text says why and what to do."""


def check_verification(stack: str, verify: str, parameters: Mapping[str, str]) -> None:
    """Check that the artifact has the decoders if, and only if, the stack decodes. That must not end unnoticed.

    Args:
        stack: the name of the stack.
        verify: the variable VERIFY of make, which chooses the artifact and sets the parameter `Verify`. Without it,
            both are those of `structure`.
        parameters: those that sam gets too.

    Raises:
        VerificationError: there is no such level, or the levels of artifact, parameter and deployed stack differ.
    """
    if verify not in {"", _STRUCTURE, _DECODE}:
        raise VerificationError(f"VERIFY={verify}: expected structure or decode.")
    level = verify or _STRUCTURE
    asked = parameters.get("Verify", level)
    if asked != level:
        raise VerificationError(
            f"Verify={asked} needs another artifact than VERIFY={level} builds. Set the variable of make in place of\n"
            f"the parameter: make deploy VERIFY={asked}"
        )
    if not verify and _decodes(stack):
        raise VerificationError(
            f"The stack {stack} decodes images, and without VERIFY it would not any more. Add VERIFY=decode to keep\n"
            "that, or VERIFY=structure to end it."
        )


def _decodes(stack: str) -> bool:
    """Whether the deployed stack has Verify=decode; False if there is no such stack, or it cannot be read."""
    with suppress(ClientError, BotoCoreError):
        [described] = boto3.Session().client("cloudformation", config=CONFIG).describe_stacks(StackName=stack)["Stacks"]
        pairs = {(each["ParameterKey"], each["ParameterValue"]) for each in described.get("Parameters", [])}
        return ("Verify", _DECODE) in pairs
    return False
