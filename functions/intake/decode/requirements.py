"""The requirements of VERIFY=decode: packages that only an artifact with decoders has, and memory for the child."""

from importlib.util import find_spec

from intake.model.limits import MIB

PACKAGES = ("_libvips", "simplejpeg")
"""The packages that the decoders import. requirements-decode.txt lists them and their dependencies."""

_BASE_MEMORY = 256 * MIB
"""Python, the decoders, and the tables and lines that a decoder holds while it reads an image."""

_BYTES_PER_PIXEL = 8
"""Four for the decoded pixels, and four for intermediate data of a decoder, such as planes of luma and chroma."""

_COPIES = 2
"""The bytes of an image are in shared memory, and a decoder may copy them."""


def memory_limit(max_image_pixels: int, max_image_bytes: int) -> int:
    """Return the bytes of address space that the child process may use (RLIMIT_AS, setrlimit(2)).

    Args:
        max_image_pixels: the setting MAX_IMAGE_PIXELS.
        max_image_bytes: the setting MAX_IMAGE_BYTES.
    """
    return _BASE_MEMORY + _BYTES_PER_PIXEL * max_image_pixels + _COPIES * max_image_bytes


def find_missing_packages() -> list[str]:
    """Return the packages of the decoders that are not installed."""
    return [name for name in PACKAGES if find_spec(name) is None]
