"""How large an item of a Distributed Map is, and how large an input may be."""

import json

MAX_INPUT_BYTES = 262_144
"""What an execution's input may have (AWS Step Functions quotas: 256 KiB)."""


def size_of(value: object) -> int:
    """Bytes of a value as JSON, halves of surrogate pairs among them."""
    return len(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode(errors="surrogatepass"))
