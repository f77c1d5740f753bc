"""Which images browsers draw, by the extension of their keys."""

DRAWN = {
    "jpg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "webp": "image/webp",
    "bmp": "image/bmp",
    "avif": "image/avif",
    "ico": "image/x-icon",
}
"""The media types of images that every browser draws, by extension. SVG is never one: it is a document."""


def content_type_of(key: str) -> str:
    """Return the media type that the response for a key has; for what browsers do not draw, one that they save."""
    return DRAWN.get(key.rpartition(".")[2], "application/octet-stream")
