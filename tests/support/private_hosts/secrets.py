"""The hosts, their names in DNS, and the secret."""

from base64 import b64encode

CANARY = "Canary7f3a91"
"""A part of every value in the secret."""

BASIC = b64encode(f"user:{CANARY}-basic".encode()).decode()
IDN = "xn--bcher-kva.example"
HEADERS: dict[str, dict[str, str]] = {
    "bearer.example": {"Authorization": f"Bearer {CANARY}-bearer"},
    "basic.example": {"Authorization": f"Basic {BASIC}"},
    "keys.example": {"X-Api-Key": f"{CANARY}-key", "X-Team": f"{CANARY}-team"},
    IDN: {"Authorization": f"Bearer {CANARY}-idn"},
}
"""The headers of each private host, as it must receive them."""

INSIDE = "inside.example"
"""A host of the secret whose address is not public."""

SECRET: dict[str, object] = {
    "bearer.example": {"bearer": f"{CANARY}-bearer"},
    "basic.example": {"basic": {"username": "user", "password": f"{CANARY}-basic"}},
    "keys.example": {"headers": HEADERS["keys.example"]},
    IDN: {"bearer": f"{CANARY}-idn"},
    INSIDE: {"bearer": f"{CANARY}-inside"},
}
OTHERS = (
    *("other.example", "sub.bearer.example", "bearer.example.other.example", "my-bearer.example", "example"),
    "xn--mller-kva.example",
)
"""Hosts that get no headers."""

ADDRESSES = {name: f"93.184.216.{number}" for number, name in enumerate((*HEADERS, *OTHERS), 30)}
