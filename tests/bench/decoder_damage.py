"""The damages that `decoders.py` does to whole files, at places that a seed decides."""

from collections.abc import Callable
from random import Random

BLOCK, PAGE = 512, 4096

type Damage = Callable[[bytearray, Random], None]
"""Changes the bytes, never their number."""


def _change_byte(body: bytearray, random: Random) -> None:
    body[random.randrange(len(body))] ^= random.randrange(1, 256)


def _flip_bit(body: bytearray, random: Random) -> None:
    body[random.randrange(len(body))] ^= 1 << random.randrange(8)


def _overwrite(body: bytearray, random: Random, data: bytes) -> None:
    """Put data over a place behind the first bytes, which name the type."""
    size = min(len(data), len(body) // 4)
    at = random.randrange(16, len(body) - size)
    body[at : at + size] = data[:size]


def _zero_block(body: bytearray, random: Random) -> None:
    _overwrite(body, random, bytes(BLOCK))


def _randomize_block(body: bytearray, random: Random) -> None:
    _overwrite(body, random, random.randbytes(BLOCK))


def _zero_page(body: bytearray, random: Random) -> None:
    _overwrite(body, random, bytes(PAGE))


def _put_foreign_page(body: bytearray, random: Random) -> None:
    """Put a page of the file itself to another place, as a storage that mixes up its blocks does."""
    size = min(PAGE, len(body) // 4)
    at = random.randrange(len(body) - size)
    _overwrite(body, random, bytes(body[at : at + size]))


DAMAGES: dict[str, Damage] = {
    "one bit": _flip_bit,
    "one byte": _change_byte,
    "512 zeros": _zero_block,
    "512 random": _randomize_block,
    "4 KiB zeros": _zero_page,
    "foreign 4 KiB": _put_foreign_page,
}


def damage(body: bytes, name: str, seed: str) -> bytes:
    """Return a copy with one damage. The same seed does the same."""
    random = Random(f"{name} {seed}")
    while True:
        changed = bytearray(body)
        DAMAGES[name](changed, random)
        if changed != body:
            return bytes(changed)
