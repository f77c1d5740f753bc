"""Mutates an image: along its structure, or at any position."""

from random import Random
from struct import unpack_from

from fuzz.image_parts import BOXES_INSIDE, Part, boxes, join, join_boxes, split

MAX_BYTES = 16 * 1024
_STRUCTURED = 0.6
"""Share of the mutations that keep the structure."""


def mutate(data: bytes, other: bytes, random: Random) -> bytes:
    """Change an image in one to four places.

    Args:
        data: the image.
        other: another image, whose parts may be inserted.
        random: makes every choice.
    """
    for _ in range(random.choice((1, 1, 2, 4))):
        change = _mutate_parts if random.random() < _STRUCTURED else _mutate_bytes
        data = change(data, other, random)
    return data[:MAX_BYTES]


def _mutate_parts(data: bytes, other: bytes, random: Random) -> bytes:
    parts = split(data)
    if parts is None:
        is_tiff = data[:2] in {b"II", b"MM"}
        return _mutate_tiff_entry(data, random) if is_tiff else _mutate_number(data, random, within=64)
    if not parts:
        return _mutate_bytes(data, other, random)
    _rearrange(parts, split(other) or [], random)
    return join(data, parts)


def _rearrange(parts: list[Part], others: list[Part], random: Random) -> None:
    at = random.randrange(len(parts))
    kind, body = parts[at]
    match random.randrange(8):
        case 0:
            del parts[at]
        case 1:
            parts.insert(random.randrange(len(parts) + 1), parts[at])
        case 2:
            parts[at] = parts[(to := random.randrange(len(parts)))]
            parts[to] = (kind, body)
        case 3 if others:
            parts.insert(at, random.choice(others))
        case 4:
            parts[at] = (random.choice(parts)[0], body)
        case _ if kind in BOXES_INSIDE and len(body) > (head := BOXES_INSIDE[kind]):
            inner = list(boxes(body[head:]))
            if inner:
                _rearrange(inner, others, random)
            parts[at] = (kind, body[:head] + join_boxes(inner))
        case _:
            parts[at] = (kind, _mutate_bytes(body, b"", random))


def _mutate_tiff_entry(data: bytes, random: Random) -> bytes:
    """Change a number in one entry of the first directory of a TIFF."""
    order = "<" if data[:1] == b"I" else ">"
    big = len(data) > 16 and data[2:4] in {b"+\0", b"\0+"}
    if len(data) < 16:
        return _mutate_number(data, random)
    first = unpack_from(order + ("Q" if big else "I"), data, 8 if big else 4)[0]
    at = first + random.randrange(24) * (20 if big else 12) + random.choice((0, 2, 4, 6, 8, 10))
    return _mutate_number(data, random, at=at)


def _mutate_bytes(data: bytes, other: bytes, random: Random) -> bytes:
    at, to = sorted((random.randrange(len(data) + 1), random.randrange(len(data) + 1)))
    if random.randrange(3) == 0:
        return _mutate_number(data, random)
    mutations = [
        data[:at] + random.randbytes(random.randrange(1, 12)) + data[at:],
        data[:at] + data[min(to, at + random.choice((1, 2, 4, 8, 64))) :],
        data[:to] + data[at:to] + data[to:],
        data[:at] + other[random.randrange(len(other) + 1) :],
        data[:at],
        data + random.randbytes(random.randrange(1, 40)),
        data[:at] + bytes(byte ^ 1 << random.randrange(8) for byte in data[at : at + 1]) + data[at + 1 :],
    ]
    return random.choice(mutations)


def _mutate_number(data: bytes, random: Random, *, at: int | None = None, within: int | None = None) -> bytes:
    """Overwrite a number with a boundary value, or with its old value plus or minus a little."""
    if at is None:
        at = random.randrange(min(len(data), within or len(data)) + 1)
    size = random.choice((1, 2, 4, 8))
    order = random.choice(("little", "big"))
    was = int.from_bytes(data[at : at + size], "little" if order == "little" else "big")
    edges = (0, 1, (1 << 8 * size) - 1, 1 << 8 * size - 1, len(data), len(data) - at)
    new = random.choice(edges) if random.randrange(2) else was + random.randrange(-9, 10)
    written = (new % (1 << 8 * size)).to_bytes(size, "little" if order == "little" else "big")
    return data[:at] + written + data[at + size :]
