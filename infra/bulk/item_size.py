"""The size of values in a state machine: how Step Functions counts it, and its limit."""

import json

MAX_INPUT_BYTES = 262_144
"""The limit of an execution's input in bytes (AWS Step Functions quotas: 256 KiB)."""


def size_of(value: object) -> int:
    """The bytes of a value as compact JSON in UTF-8. Unpaired surrogates count as 3 bytes each."""
    return len(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode(errors="surrogatepass"))
