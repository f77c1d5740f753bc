"""Calls libvips, the library in the wheel of pyvips-binary, through its C interface (libvips API, VipsImage).

pyvips itself is published as source alone, so a build would run code of a package to install it.
"""

import ctypes
import re
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

MODULE = "_libvips"
"""The module of the wheel. The library is in the folder beside it."""


_HARMLESS = re.compile(r"source: bad seek to \d+")


class VipsError(Exception):
    """libvips cannot read an image, or finds it damaged."""


class VipsLibrary:
    """libvips with one thread and no cache."""

    def __init__(self) -> None:
        """Load and initialize it. Formats that libvips calls untrusted are turned off.

        Raises:
            ImportError: the wheel is not installed.
        """
        library = ctypes.CDLL(str(_find_library()))
        library.vips_image_new_from_buffer.restype = ctypes.c_void_p
        library.vips_image_new_from_buffer.argtypes = (
            ctypes.c_void_p,
            ctypes.c_size_t,
            ctypes.c_char_p,
            ctypes.c_void_p,
        )
        library.vips_avg.argtypes = (ctypes.c_void_p, ctypes.POINTER(ctypes.c_double), ctypes.c_void_p)
        library.vips_error_buffer.restype = ctypes.c_char_p
        for function in (library.vips_image_get_n_pages, library.vips_image_get_width, library.vips_image_get_height):
            function.argtypes = (ctypes.c_void_p,)
        library.g_object_unref.argtypes = (ctypes.c_void_p,)
        library.g_object_unref.restype = None
        if library.vips_init(b"intake"):
            raise ImportError("libvips does not start")
        library.vips_block_untrusted_set(1)
        library.vips_cache_set_max(0)  # otherwise it caches decoded images
        library.vips_concurrency_set(1)  # another thread costs memory, and the function has one processor or two
        self._library = library

    @contextmanager
    def open(self, body: bytes, options: str = "") -> "Iterator[VipsImage]":
        """Open an image; rows are decoded when they are needed.

        Args:
            body: the bytes of the image.
            options: options of the loader, `page=1` for example.

        Raises:
            VipsError: libvips does not know this kind of image.
        """
        options = f"[access=sequential,fail_on=warning{options and ','}{options}]"
        address = self._library.vips_image_new_from_buffer(body, len(body), options.encode(), None)
        if not address:
            raise self._take_error()
        try:
            yield VipsImage(self._library, address)
        finally:
            self._library.g_object_unref(address)
            self._library.vips_error_clear()

    def _take_error(self) -> VipsError:
        return VipsError(_take_error_text(self._library))


class VipsImage:
    """An open image.

    Attributes:
        pixels: of the opened page, or of all of them.
        pages: how many the file has.
    """

    def __init__(self, library: ctypes.CDLL, address: int) -> None:
        self._library = library
        self._address = address
        self.pixels: int = library.vips_image_get_width(address) * library.vips_image_get_height(address)
        self.pages: int = library.vips_image_get_n_pages(address)

    def decode(self) -> None:
        """Decode every pixel, and keep none.

        Raises:
            VipsError: libvips cannot decode all of them.
        """
        if self._library.vips_avg(self._address, ctypes.byref(ctypes.c_double()), None):
            raise VipsError(_take_error_text(self._library))


def _take_error_text(library: ctypes.CDLL) -> str:
    """Return the messages since the last call in one line, without those that every AVIF causes."""
    text = library.vips_error_buffer().decode(errors="replace")
    library.vips_error_clear()
    return " ".join(_HARMLESS.sub("", text).split())


def _find_library() -> Path:
    spec = find_spec(MODULE)
    if spec is None or spec.origin is None:
        raise ImportError("pyvips-binary is not installed")
    return next((Path(spec.origin).parent / "pyvips_binary.libs").glob("libvips*"))
