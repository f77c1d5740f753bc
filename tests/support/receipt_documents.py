"""Builds receipts as JSON, and a folder or bucket that has them with their images."""

import hashlib
import json
from pathlib import Path
from typing import Any

from intake.model.error_codes import LEAVES, ErrorClass

ORIGIN = "https://images.example/lot-7"
DIGEST = "b9" * 32
_CLASSES = {leaf.code: leaf.error_class for leaf in LEAVES}


def stored(name: str, body: bytes = b"bytes", **members: Any) -> dict[str, Any]:
    """Return the entry of a stored image, without role and index. `members` replace those of the entry."""
    sha256, extension = hashlib.sha256(body).hexdigest(), name.rpartition(".")[2]
    content_type = {"jpg": "image/jpeg"}.get(extension, f"image/{extension}")
    entry: dict[str, Any] = {"key": f"images/{sha256[:2]}/{sha256}.{extension}", "status": "stored"}
    entry |= {"url": f"{ORIGIN}/{name}", "sha256": sha256, "contentType": content_type, "finalUrl": f"{ORIGIN}/{name}"}
    facts = {"bytes": len(body), "width": 1000, "height": 750, "frames": 1, "reused": False, "source": "fetched"}
    return entry | facts | {"warnings": [], "attempts": 1, "elapsedMs": 87} | members


def failed(name: str, code: str = "not_found", message: str = "It failed.", **members: Any) -> dict[str, Any]:
    """Return the entry of a failed image."""
    error_class = _CLASSES.get(code, ErrorClass.PERMANENT)
    error = {"code": code, "class": error_class, "message": message, "retryable": error_class is ErrorClass.TRANSIENT}
    return {"url": f"{ORIGIN}/{name}", "status": "failed", "attempts": 1, "elapsedMs": 84, "error": error} | members


def receipt(file_id: str, *entries: dict[str, Any], urls: bool = False, **members: Any) -> dict[str, Any]:
    """Return the receipt of a File, whose first entry is the image to inspect; or of a URL list."""
    roles = [("image", index) if urls else ("base", index - 1) for index in range(len(entries))]
    if entries and not urls:
        roles[0] = ("file", 0)
    images = [{"role": role, "index": index} | entry for (role, index), entry in zip(roles, entries, strict=True)]
    failures = sum(entry["status"] == "failed" for entry in images)
    status = "stored" if not failures else "partial" if failures < len(images) else "failed"
    counts = {"stored": len(images) - failures, "reused": 0, "failed": failures, "bytes": 1}
    head = {"id": file_id, "digest": DIGEST, "status": status, "bucket": "example-images", "elapsedMs": 412}
    keys = {"receiptKey": f"receipts/{file_id}.json", "createdAt": "2026-11-22T12:00:00Z", "objectKeys": []}
    return head | keys | {"counts": counts, "images": images} | members


def write_objects(folder: Path, *receipts: dict[str, Any], bodies: tuple[bytes, ...] = (b"bytes",)) -> Path:
    """Write receipts, and the bodies of their images, as `make run` does; return the folder."""
    objects = {f"receipts/{document['id']}.json": json.dumps(document).encode() for document in receipts}
    by_digest = {hashlib.sha256(body).hexdigest(): body for body in bodies}
    for image in (image for document in receipts for image in document["images"]):
        body = by_digest.get(image.get("sha256", ""))
        if body is not None and image["key"].startswith("images/"):
            objects[image["key"]] = body
    for key, content in objects.items():
        path = folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder
