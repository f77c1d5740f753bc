"""Reads the settings of `make demo FILE=...`: every setting of the service by its name, and ALLOW."""

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from infra.command.errors import CommandError
from infra.run.settings import (
    OF_MAKE,
    SERVICE_VARIABLES,
    read_service_variables,
    require_known_variables,
    require_no_fault,
)
from intake.model.limits import Limits
from intake.model.verification import Verification
from intake.settings.config import Config, ConfigError

MEMORY_MIB = 1769
"""The memory of the functions: the default of the template."""

_OF_DEMO = OF_MAKE | {"FILE", "SAM"}


@dataclass(frozen=True, slots=True)
class DemoSettings:
    """The settings of a demo with the user's own File.

    Attributes:
        variables: what the functions get in place of the parameters of the template, which accept less.
        limits: the limits of the functions.
        verification: how far the functions verify images.
    """

    variables: Mapping[str, str]
    limits: Limits
    verification: Verification = Verification.STRUCTURE

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "DemoSettings":
        """Read the settings.

        Raises:
            CommandError: with every fault.
        """
        faults: list[str] = []
        variables, limits, verification = read_service_variables(environment, faults), Limits(), Verification.STRUCTURE
        of_stack = {"IMAGE_BUCKET": "bucket", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(MEMORY_MIB)}
        try:
            config = Config.from_environment(variables | of_stack)
            limits, verification = config.limits, config.verification
        except ConfigError as error:
            faults += error.faults
        require_no_fault(faults)
        return cls(variables, limits, verification)


def require_settings(given: Collection[str], *, has_file: bool) -> None:
    """Refuse variables that would be ignored.

    Args:
        given: the variables that make was given on its command line.
        has_file: whether the user sends a File.

    Raises:
        CommandError: one of them is misspelled, or has no meaning without a File.
    """
    require_known_variables(given, "make demo", SERVICE_VARIABLES | _OF_DEMO)
    if not has_file and (name := next((name for name in given if name not in _OF_DEMO), None)):
        raise CommandError(
            f"{name} is for a File of yours: make demo FILE=my-file.json {name}=... "
            "The pictures of the demo have settings of their own."
        )
