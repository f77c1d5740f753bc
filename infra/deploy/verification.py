"""Checks `VERIFY` before a deployment: the functions need the artifact that the parameter `Verify` asks for."""

from collections.abc import Mapping

LEVELS = ("structure", "decode")


class VerificationError(Exception):
    """The stack cannot be deployed with this VERIFY; the text says why and what to do."""


def check_verification(verify: str, parameters: Mapping[str, str]) -> None:
    """Check that the artifact has the decoders if, and only if, the stack decodes.

    Args:
        verify: the variable VERIFY of make, which sets the parameter `Verify` too; nothing for structure.
        parameters: those that sam gets.

    Raises:
        VerificationError: they do not agree, or there is no such level.
    """
    if verify and verify not in LEVELS:
        raise VerificationError(f"VERIFY={verify}: expected structure or decode.")
    level = verify or "structure"
    asked = parameters.get("Verify", level)
    if asked != level:
        raise VerificationError(
            f"Verify={asked} needs another artifact than VERIFY={level} builds. Set the variable of make in place of the\n"
            f"parameter: make deploy VERIFY={asked}"
        )
