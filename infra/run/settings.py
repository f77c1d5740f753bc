"""Reads the settings of `make run`: every setting of the service by its name, and those of this machine."""

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from infra.command.errors import CommandError
from intake.settings.config import Config, ConfigError
from intake.settings.table import VARIABLES
from intake.settings.types import NETWORKS, SWITCH, SettingType, whole_number

MAX_PROCESSES = 64
MAX_IN_FLIGHT = 128
"""The default of MAX_IN_FLIGHT: twice that of a function, because slow images of a long list occupy many slots."""

_NO_BUCKET = "the-folder-of-make-run"
"""The image bucket of a run, which has none: a name that is no source bucket."""

_OF_A_STACK = {"IMAGE_BUCKET", "INBOX_BUCKET"}
SERVICE_VARIABLES = frozenset(VARIABLES) - _OF_A_STACK | {"ALLOW"}
"""The settings of the service that a command on this machine takes by name."""

OF_MAKE = frozenset({"PYTHON", "PY"})
_VARIABLES = SERVICE_VARIABLES | OF_MAKE | {"LIST", "FILE", "OUT", "PROCESSES", "FSYNC"}


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
        variables = {"MAX_IN_FLIGHT": str(MAX_IN_FLIGHT)} | read_service_variables(environment, faults)
        try:
            # With MAX_PER_ORIGIN=1, two processes would send two requests at once.
            whole = Config.from_environment(variables | {"IMAGE_BUCKET": _NO_BUCKET})
            processes = min(processes, whole.limits.max_per_origin, MAX_PROCESSES)
            shared = {"IMAGE_BUCKET": _NO_BUCKET, "CONCURRENT_FUNCTIONS": str(processes)}
            config = Config.from_environment(variables | shared)
        except ConfigError as error:
            faults += error.faults
        require_no_fault(faults)
        return cls(config, processes, fsync)


def read_service_variables(environment: Mapping[str, str], faults: list[str]) -> dict[str, str]:
    """Return the settings of the service that are set, without those of a stack. ALLOW is part of ALLOWED_NETWORKS.

    Args:
        environment: the variables.
        faults: the fault of ALLOW is appended. `Config.from_environment` finds those of the others.
    """
    allow = _read(environment, "ALLOW", NETWORKS, default=(), faults=faults)
    names = sorted(SERVICE_VARIABLES - {"ALLOW"})
    variables = {name: text for name in names if (text := environment.get(name, "").strip())}
    if allow:
        variables["ALLOWED_NETWORKS"] = ",".join([*filter(None, [variables.get("ALLOWED_NETWORKS")]), *map(str, allow)])
    return variables


def require_no_fault(faults: Sequence[str]) -> None:
    """Refuse settings.

    Raises:
        CommandError: there are faults; the text has every one.
    """
    if faults:
        raise CommandError("\n  ".join(["these settings cannot be used:", *faults]))


def _read[T](environment: Mapping[str, str], name: str, kind: SettingType[T], *, default: T, faults: list[str]) -> T:
    text = environment.get(name, "").strip()
    try:
        return kind.parse(text) if text else default
    except ValueError:
        faults.append(f"{name}: expected {kind.expected}, got {text!r}")
        return default


def require_known_variables(
    names: Iterable[str], command: str = "make run", known: Collection[str] = _VARIABLES
) -> None:
    """Refuse a misspelled setting, which would be ignored otherwise.

    Args:
        names: the variables that make was given on its command line.
        command: the command.
        known: the variables that it takes.

    Raises:
        CommandError: one of them has no meaning.
    """
    for name in names:
        if name in known:
            continue
        similar = get_close_matches(name.upper(), sorted(known), n=1)
        question = f"Did you mean {similar[0]}?" if similar else "docs/settings.md has all settings."
        raise CommandError(f"{name} is not a setting of {command}. {question}")
