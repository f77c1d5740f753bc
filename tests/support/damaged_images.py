"""Images whose structure is whole, and what is wrong with them only a decoder finds."""

from io import BytesIO

from PIL import Image

_DAMAGED_BYTES = 512
_COMPONENTS = (1, 2, 3)
_MAX_SHIFT = 13
_EOB_RUN = 1 << 14
"""The blocks that end with the code EOB14 and 14 zero bits (ITU-T T.81, G.1.2.2)."""


def damaged_tiff() -> bytes:
    """Return a TIFF whose compressed data has codes that LZW does not have yet at their places."""
    return _damage(_save("TIFF", compression="tiff_lzw"), b"U")


def slow_jpeg(width: int = 8192, height: int = 5120) -> bytes:
    """Return a small progressive JPEG whose scans each refine one coefficient of all blocks by one bit: 2,646 passes.

    A decoder needs about 18 s for the default size, 42 million pixels. The parse of the structure takes 20 ms.
    """
    blocks = width // 8 * height // 8
    assert blocks % _EOB_RUN == 0
    head = _segment(0xDB, b"\0" + b"\1" * 64)
    size = height.to_bytes(2) + width.to_bytes(2)
    head += _segment(0xC2, b"\x08" + size + b"\3" + b"".join(bytes((name, 0x11, 0)) for name in _COMPONENTS))
    head += _huffman_table(0x00, 0x00) + _huffman_table(0x10, 0xE0)
    scans = [_scan(name, 0, 0, bytes(blocks // 8)) for name in _COMPONENTS]
    empty = bytes(-(-blocks // _EOB_RUN * 15 // 8))
    for name in _COMPONENTS:
        for coefficient in range(1, 64):
            levels = [_MAX_SHIFT, *((high + 1) << 4 | high for high in reversed(range(_MAX_SHIFT)))]
            scans += [_scan(name, coefficient, level, empty) for level in levels]
    return b"\xff\xd8" + head + b"".join(scans) + b"\xff\xd9"


def _scan(component: int, coefficient: int, level: int, data: bytes) -> bytes:
    """Return a scan of one component (ITU-T T.81, G.1.1.1), with the high and the low bit position in `level`."""
    return _segment(0xDA, bytes((1, component, 0, coefficient, coefficient, level))) + data


def _huffman_table(name: int, symbol: int) -> bytes:
    """Return a table whose only code is the bit 0."""
    return _segment(0xC4, bytes((name, 1, *[0] * 15, symbol)))


def _segment(marker: int, content: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(content) + 2).to_bytes(2) + content


def _save(format_: str, **options: str) -> bytes:
    target = BytesIO()
    Image.effect_noise((200, 200), 60).convert("RGB").save(target, format_, **options)
    return target.getvalue()


def _damage(whole: bytes, byte: bytes) -> bytes:
    middle = len(whole) // 2
    return whole[:middle] + byte * _DAMAGED_BYTES + whole[middle + _DAMAGED_BYTES :]
