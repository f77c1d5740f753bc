"""The values of the settings, read once, with every fault named at once. `table.py` describes each setting."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from intake.model.limits import MIB, Limits
from intake.model.refresh import Refresh
from intake.model.verification import Verification
from intake.settings.table import CONCURRENT_FUNCTIONS, LIMITS, REQUIRED, SETTINGS, Setting

if TYPE_CHECKING:
    from intake.model.source_bucket import SourceBucket

_BASE_MEMORY = 192 * MIB
"""Bytes reserved for Python, its packages, and everything else but image bodies."""

_LOCAL_MEMORY = 1024 * MIB
"""Bytes, assumed outside Lambda, which sets AWS_LAMBDA_FUNCTION_MEMORY_SIZE. Decoders have theirs beside them."""


class ConfigError(Exception):
    """The settings cannot be used.

    Attributes:
        faults: one message for each fault; the error's own message joins them.
    """

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        super().__init__("; ".join(faults))


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The values of all settings.

    Attributes:
        image_bucket: where images and receipts are stored.
        inbox_bucket: where callers put manifests; empty if there is none.
        limits: the limits on images, origins and time.
        refresh: when a known image is downloaded again.
        known_images: whether functions share what they know, in the image bucket.
        verification: how far an image is verified before it is stored.
        source_buckets: the buckets that `s3://` URLs may name.
        source_hosts: hosts that get headers from a secret.
        source_secret_arn: the ARN of the secret, or empty.
        contact: URL or email address for the User-Agent header, or empty.
    """

    image_bucket: str
    inbox_bucket: str = ""
    limits: Limits = field(default_factory=Limits)
    refresh: Refresh = Refresh.REVALIDATE
    known_images: bool = True
    verification: Verification = Verification.STRUCTURE
    source_buckets: "tuple[SourceBucket, ...]" = ()
    source_hosts: tuple[str, ...] = ()
    source_secret_arn: str = ""
    contact: str = ""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Config":
        """Read every setting.

        Raises:
            ConfigError: with every fault.
        """
        faults: list[str] = []
        values = {setting.name: _read(setting, environment, faults) for setting in SETTINGS}
        of_decoders = _decoder_memory(values)
        of_function = int(environment.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE") or 0) * MIB
        memory = of_function or _LOCAL_MEMORY + of_decoders
        if not environment.get("MEMORY_BUDGET_BYTES", "").strip():
            free = memory - _BASE_MEMORY - of_decoders
            values["MEMORY_BUDGET_BYTES"] = max(values["MAX_IMAGE_BYTES"], free * 3 // 4)
        functions = _read(CONCURRENT_FUNCTIONS, environment, faults)
        values["MAX_PER_ORIGIN"] = max(1, values["MAX_PER_ORIGIN"] // functions)
        faults += _find_contradictions(values, memory)
        faults += _find_missing_half(environment)
        if faults:
            raise ConfigError(faults)
        limits = Limits(**{setting.name.lower(): values[setting.name] for setting in LIMITS})
        return cls(
            image_bucket=values["IMAGE_BUCKET"],
            inbox_bucket=values["INBOX_BUCKET"],
            limits=limits,
            refresh=values["REFRESH"],
            known_images=values["KNOWN_IMAGES"],
            verification=values["VERIFY"],
            source_buckets=values["SOURCE_BUCKETS"],
            source_hosts=values["SOURCE_HOSTS"],
            source_secret_arn=values["SOURCE_SECRET_ARN"],
            contact=values["CONTACT"],
        )


def _read(setting: Setting[Any], environment: Mapping[str, str], faults: list[str]) -> Any:  # noqa: ANN401 - each has its type
    """Return the value of a setting, or its default. Append the fault of an invalid or missing one to `faults`."""
    text = environment.get(setting.name, "").strip()
    if text:
        try:
            return setting.type.parse(text)
        except ValueError:
            found = repr(text) if setting.type.is_shown else "another text"
            faults.append(f"{setting.name}: expected {setting.expected}, got {found}")
    elif setting.default is REQUIRED:
        faults.append(f"{setting.name} is missing: expected {setting.expected}")
    return setting.default


def _decoder_memory(values: Mapping[str, Any]) -> int:
    """Return the bytes that the child process of the decoders may use; 0 without one."""
    if values["VERIFY"] is Verification.STRUCTURE:
        return 0
    from intake.decode.requirements import memory_limit  # noqa: PLC0415 - few deployments decode

    return memory_limit(values["MAX_IMAGE_PIXELS"], values["MAX_IMAGE_BYTES"])


def _find_contradictions(values: Mapping[str, Any], memory: int) -> list[str]:
    """Return the faults of settings that are valid alone but not together."""
    budget, image_bytes = values["MEMORY_BUDGET_BYTES"], values["MAX_IMAGE_BYTES"]
    faults = []
    if values["IMAGE_BUCKET"] == values["INBOX_BUCKET"]:
        faults.append(
            "INBOX_BUCKET: expected a bucket other than IMAGE_BUCKET, so that stored objects start no function"
        )
    faults += [
        f"SOURCE_BUCKETS: expected buckets other than IMAGE_BUCKET and INBOX_BUCKET, got {bucket.name!r}"
        for bucket in values["SOURCE_BUCKETS"]
        if bucket.name in {values["IMAGE_BUCKET"], values["INBOX_BUCKET"]}
    ]
    if values["MIN_IMAGE_PIXELS"] > values["MAX_IMAGE_PIXELS"]:
        faults.append(
            f"MIN_IMAGE_PIXELS: expected at most MAX_IMAGE_PIXELS, {values['MAX_IMAGE_PIXELS']}, "
            f"got {values['MIN_IMAGE_PIXELS']}"
        )
    if budget > memory:
        faults.append(f"MEMORY_BUDGET_BYTES: expected at most the function's memory, {memory}, got {budget}")
    if image_bytes > memory // 2:
        faults.append(
            f"MAX_IMAGE_BYTES: expected at most half of the function's memory, {memory // 2}, got {image_bytes}"
        )
    if values["VERIFY"] is Verification.DECODE:
        faults += _find_faults_of_decoding(values, memory)
    return faults


def _find_faults_of_decoding(values: Mapping[str, Any], memory: int) -> list[str]:
    """Return why the settings, or this artifact, do not allow VERIFY=decode."""
    from intake.decode.requirements import find_missing_packages  # noqa: PLC0415 - few deployments decode

    faults = []
    if missing := find_missing_packages():
        faults.append(
            f"VERIFY: decode needs packages that are not installed ({', '.join(missing)}): expected an artifact with "
            "decoders. Run make deploy VERIFY=decode, or make build VERIFY=decode"
        )
    needed = _BASE_MEMORY + _decoder_memory(values) + values["MEMORY_BUDGET_BYTES"]
    if needed > memory:
        faults.append(
            f"VERIFY: decode needs {needed} bytes of memory with these limits, but the function has {memory}: expected "
            f"MemorySize={-(-needed // MIB)} or more, or a smaller MAX_IMAGE_PIXELS, MAX_IMAGE_BYTES or "
            "MEMORY_BUDGET_BYTES"
        )
    return faults


def _find_missing_half(environment: Mapping[str, str]) -> list[str]:
    """Return the fault of hosts without their secret, or of a secret without hosts."""
    missing = [name for name in ("SOURCE_HOSTS", "SOURCE_SECRET_ARN") if not environment.get(name, "").strip()]
    expected = "expected SOURCE_HOSTS and SOURCE_SECRET_ARN together, or neither"
    return [f"{missing[0]} is missing: {expected}"] if len(missing) == 1 else []
