"""Which images browsers draw, by the extension of their keys."""

from infra.look.safe_text import show_text

DRAWN = {
    "jpg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "webp": "image/webp",
    "bmp": "image/bmp",
    "avif": "image/avif",
    "ico": "image/vnd.microsoft.icon",
}
"""The media types of images that every browser draws, by extension. SVG is never one: it is a document."""

NOT_DRAWN = {"tiff", "heic", "heif", "jxl", "cur", "jp2", "j2c", "jls", "pnm"}
"""The extensions of images that browsers do not draw. A key with any other extension is not that of an image."""

_NAMES = {
    "webp": "WebP",
    "jp2": "JPEG 2000",
    "j2c": "JPEG 2000",
    "jxl": "JPEG XL",
    "jls": "JPEG-LS",
    "svg+xml": "SVG",
    "vnd.microsoft.icon": "ICO",
    "x-win-bitmap": "CUR",
    "x-portable-anymap": "PNM",
}


def is_image(extension: str) -> bool:
    """Whether a key with this extension can be that of an image."""
    return extension in DRAWN or extension in NOT_DRAWN


def type_name(content_type: str) -> str:
    """Return the name of an image type for people: "JPEG" for "image/jpeg"."""
    subtype = content_type.removeprefix("image/")
    return _NAMES.get(subtype, show_text(subtype, 30).upper())


def content_type_of(key: str) -> str:
    """Return the media type that the response for a key has; for what browsers do not draw, one that they save."""
    return DRAWN.get(key.rpartition(".")[2], "application/octet-stream")
