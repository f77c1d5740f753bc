"""What the environment says: read once, and every fault named at once."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from intake.model.limits import MIB, Limits
from intake.settings import LIMITS, REQUIRED, SETTINGS, VARIABLES, Setting

__all__ = ["REQUIRED", "SETTINGS", "VARIABLES", "Config", "ConfigError"]

_BASE_MEMORY = 192 * MIB
_LOCAL_MEMORY = 1024
"""MiB where no function has a size."""


class ConfigError(Exception):
    """The settings cannot be used; `faults` names every one of them, the message all together."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        super().__init__("; ".join(faults))


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What the environment says.

    Attributes:
        image_bucket: where images and receipts are stored.
        limits: the bounds.
        inbox_bucket: where manifests are put, or empty.
        contact: who answers for the requests, or empty.
    """

    image_bucket: str
    inbox_bucket: str = ""
    limits: Limits = field(default_factory=Limits)
    contact: str = ""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Config":
        """Read every setting.

        Raises:
            ConfigError: with every fault there is.
        """
        faults: list[str] = []
        values = {setting.name: _value(setting, environment, faults) for setting in SETTINGS}
        memory = int(environment.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE") or _LOCAL_MEMORY) * MIB
        if not environment.get("MEMORY_BUDGET_BYTES", "").strip():
            # Room is left for Python and its packages, for the pieces on their way, and for what else grows.
            values["MEMORY_BUDGET_BYTES"] = max(values["MAX_IMAGE_BYTES"], (memory - _BASE_MEMORY) * 3 // 4)
        faults += _contradictions(values, memory)
        if faults:
            raise ConfigError(faults)
        limits = Limits(**{setting.name.lower(): values[setting.name] for setting in LIMITS})
        return cls(
            image_bucket=values["IMAGE_BUCKET"],
            inbox_bucket=values["INBOX_BUCKET"],
            limits=limits,
            contact=values["CONTACT"],
        )


def _value(setting: Setting[Any], environment: Mapping[str, str], faults: list[str]) -> Any:  # noqa: ANN401 - each its own
    text = environment.get(setting.name, "").strip()
    if text:
        try:
            return setting.read(text)
        except ValueError:
            faults.append(f"{setting.name} is {text!r}, want {setting.expected}")
    elif setting.default is REQUIRED:
        faults.append(f"{setting.name} is missing, want {setting.expected}")
    return setting.default


def _contradictions(values: Mapping[str, Any], memory: int) -> list[str]:
    """Name what is wrong between settings of which each is right by itself."""
    budget, most = values["MEMORY_BUDGET_BYTES"], values["MAX_IMAGE_BYTES"]
    found = []
    if values["IMAGE_BUCKET"] == values["INBOX_BUCKET"]:
        found.append("INBOX_BUCKET is IMAGE_BUCKET, want another: what is stored must not be taken in again")
    if budget > memory:
        found.append(f"MEMORY_BUDGET_BYTES is {budget}, want no more than the function's memory, {memory}")
    if most > memory // 2:
        found.append(f"MAX_IMAGE_BYTES is {most}, want no more than half of the function's memory, {memory // 2}")
    return found
