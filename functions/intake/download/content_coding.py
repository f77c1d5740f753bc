"""Finds the codings in a header that change the bytes of a body: compression and encryption (RFC 9110, 8.4.1).

Servers also send names that mean no coding: charsets, `none`, `binary`, and `aws-chunked`, which S3 keeps from uploads.
They are ignored, because the bytes of an image are verified anyway.
"""

import re

_NAME = re.compile(r"[a-z0-9.+_-]+")
_MAX_NAMES = 8

_REGISTERED = {"aes128gcm", "br", "compress", "dcb", "dcz", "deflate", "exi", "gzip", "pack200-gzip", "zstd"}
"""The HTTP Content Coding Registry of IANA, without `identity`."""

_UNREGISTERED = {
    *(
        "brotli",
        "bz2",
        "bzip",
        "bzip2",
        "deflate-raw",
        "deflate64",
        "gz",
        "lz4",
        "lzip",
        "lzma",
        "lzma2",
        "lzo",
        "lzop",
    ),
    *("lzw", "pack", "peerdist", "sdch", "snappy", "snappy-framed", "xpress", "xz", "zip", "zip-compressed", "zlib"),
    *("zst", "zstandard"),
}
_CODINGS = _REGISTERED | _UNREGISTERED
"""An `x-` before any of them changes nothing (RFC 9110, 8.4.1.3)."""


def find_codings(value: str) -> list[str]:
    """Return the codings that a Content-Encoding or Transfer-Encoding names, in lower case and each once.

    Args:
        value: the header of an origin. Any text: a list, names in quotes, parameters. No other part of it is returned,
            because it may repeat the request, whose signed URL is a secret.

    Returns:
        At most eight names.
    """
    names = dict.fromkeys(_NAME.findall(value.lower()))
    return [name for name in names if name.removeprefix("x-") in _CODINGS][:_MAX_NAMES]
