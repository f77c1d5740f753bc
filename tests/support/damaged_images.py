"""Images whose structure is whole, and what is wrong with them only a decoder finds."""

from io import BytesIO

from PIL import Image

_DAMAGED_BYTES = 512


def damaged_tiff() -> bytes:
    """Return a TIFF whose compressed data has codes that LZW does not have yet at their places."""
    return _damage(_save("TIFF", compression="tiff_lzw"), b"U")


def slow_gif(frames: int) -> bytes:
    """Return a small file with many large frames: each takes a decoder about 20 ms."""
    pictures = [Image.new("P", (1000, 1000), number % 256) for number in range(frames)]
    target = BytesIO()
    pictures[0].save(target, "GIF", save_all=True, append_images=pictures[1:])
    return target.getvalue()


def _save(format_: str, **options: str) -> bytes:
    target = BytesIO()
    Image.effect_noise((200, 200), 60).convert("RGB").save(target, format_, **options)
    return target.getvalue()


def _damage(whole: bytes, byte: bytes) -> bytes:
    middle = len(whole) // 2
    return whole[:middle] + byte * _DAMAGED_BYTES + whole[middle + _DAMAGED_BYTES :]
