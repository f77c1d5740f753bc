"""Measures values in a state machine as Step Functions does, against its limit."""

import json

MAX_INPUT_BYTES = 262_144
"""The limit of an execution's input in bytes (AWS Step Functions quotas: 256 KiB)."""


def size_of(value: object) -> int:
    """Return the bytes of a value as compact JSON in UTF-8. An unpaired surrogate counts as 3 bytes."""
    return len(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode(errors="surrogatepass"))
