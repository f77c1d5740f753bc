"""Reads the settings of `make run`: every setting of the service by its name, and those of this machine."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from infra.command.errors import CommandError
from intake.settings.config import Config, ConfigError
from intake.settings.table import VARIABLES
from intake.settings.types import NETWORKS, SWITCH, SettingType, whole_number

MAX_PROCESSES = 64
MAX_IN_FLIGHT = 128
"""The default of this setting here: twice that of a function, because slow images of a long list hold many slots."""

_OF_A_STACK = {"IMAGE_BUCKET", "INBOX_BUCKET"}
_VARIABLES = sorted({*VARIABLES, "LIST", "FILE", "OUT", "ALLOW", "PROCESSES", "FSYNC", "PYTHON", "PY"} - _OF_A_STACK)


@dataclass(frozen=True, slots=True)
class RunSettings:
    """The settings of a run.

    Attributes:
        config: the settings of the service; MAX_PER_ORIGIN is that of one process.
        processes: the number of worker processes.
        fsync: whether each image is written to the disk before it counts as stored.
    """

    config: Config
    processes: int
    fsync: bool

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "RunSettings":
        """Read the settings.

        Raises:
            CommandError: with every fault.
        """
        faults: list[str] = []
        fsync = _read(environment, "FSYNC", SWITCH, default=False, faults=faults)
        processes = _read(
            environment, "PROCESSES", whole_number(1, MAX_PROCESSES), default=os.process_cpu_count() or 1, faults=faults
        )
        allow = _read(environment, "ALLOW", NETWORKS, default=(), faults=faults)
        try:
            # With MAX_PER_ORIGIN=1, two processes would send two requests at once.
            whole = Config.from_environment(_service_variables(environment, allow, 1))
            processes = min(processes, whole.limits.max_per_origin, MAX_PROCESSES)
            config = Config.from_environment(_service_variables(environment, allow, processes))
        except ConfigError as error:
            faults += error.faults
        if faults:
            raise CommandError("\n  ".join(["these settings cannot be used:", *faults]))
        return cls(config, processes, fsync)


def _service_variables(environment: Mapping[str, str], allow: tuple[object, ...], processes: int) -> dict[str, str]:
    variables = dict(environment)
    for name in (*_OF_A_STACK, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE"):
        variables.pop(name, None)
    variables |= {"IMAGE_BUCKET": "folder", "CONCURRENT_FUNCTIONS": str(processes)}
    variables["MAX_IN_FLIGHT"] = environment.get("MAX_IN_FLIGHT", "").strip() or str(MAX_IN_FLIGHT)
    networks = [environment.get("ALLOWED_NETWORKS", "").strip(), *map(str, allow)]
    variables["ALLOWED_NETWORKS"] = ",".join(filter(None, networks))
    return variables


def _read[T](environment: Mapping[str, str], name: str, kind: SettingType[T], *, default: T, faults: list[str]) -> T:
    text = environment.get(name, "").strip()
    try:
        return kind.parse(text) if text else default
    except ValueError:
        faults.append(f"{name}: expected {kind.expected}, got {text!r}")
        return default


def require_known_variables(names: Iterable[str]) -> None:
    """Refuse a misspelled setting, which would be ignored otherwise.

    Args:
        names: the variables that make was given on its command line.

    Raises:
        CommandError: one of them has no meaning.
    """
    for name in names:
        if name in _VARIABLES:
            continue
        similar = get_close_matches(name.upper(), _VARIABLES, n=1)
        question = f"Did you mean {similar[0]}?" if similar else "docs/settings.md has all settings."
        raise CommandError(f"{name} is not a setting of make run. {question}")
