"""Where things stand in the bucket. The key of an image is the digest of its bytes, so a second copy cannot exist."""

from intake.model.image_info import ImageInfo


def image_key(sha256: str, image: ImageInfo) -> str:
    """`images/{first two hex digits}/{sha256}.{ext}`; digest and extension come from the bytes alone."""
    return f"images/{sha256[:2]}/{sha256}.{image.extension}"


def receipt_key(file_id: str) -> str:
    """`receipts/{id}.json`; an id has no slash in it, so one File cannot reach another's place."""
    return f"receipts/{file_id}.json"


def problem_key(name: str) -> str:
    """`problems/{name}.json`."""
    return f"problems/{name}.json"
