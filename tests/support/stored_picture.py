"""The picture that tests of FileStore store."""

import hashlib
from pathlib import Path

from intake.image.verify import verify
from intake.model.limits import Limits
from intake.model.object_keys import image_key
from support.sample_images import picture

BODY = bytearray(picture(6, 5, 3, "png"))
DIGEST = hashlib.sha256(BODY).hexdigest()
IMAGE = verify(BODY, Limits())
KEY = image_key(DIGEST, IMAGE)
RECEIPT = "receipts/a.json"


def files_in(folder: Path) -> dict[str, bytes]:
    """Return all files below a folder but locks, by their paths."""
    files = (path for path in folder.rglob("*", recurse_symlinks=True) if path.is_file() and path.suffix != ".lock")
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}
