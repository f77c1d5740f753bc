"""File: the images that one request asks for. `File.parse` reads a File or a URL list and names every fault.

Every entry point parses its documents here, so no other module validates them.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from pydantic import ValidationError

from intake.model.file_schema import (
    DEFAULT_MAX_BASE_IMAGES,
    FILE_JSON_SCHEMA,
    ID_PATTERN,
    FileDocument,
    UrlListDocument,
)
from intake.model.invalid_file import Fault, InvalidFile

__all__ = ["FILE_JSON_SCHEMA", "ID_PATTERN", "Fault", "File", "ImageRequest", "InvalidFile", "Role"]


_ENCODER = json.JSONEncoder(separators=(",", ":"))


class Role(StrEnum):
    """The role of an image in its File."""

    FILE = "file"
    BASE = "base"
    IMAGE = "image"


@dataclass(frozen=True, slots=True)
class ImageRequest:
    """One image of a File.

    Attributes:
        role: the role of the image.
        index: its position among the images of its role, from 0.
        url: the text that the caller sent; it may not be a URL at all.
        sha256: the expected digest of the bytes, in lower case, or None.
        note: what the caller wants to find again in the receipt and in the table of a run, or None.
    """

    role: Role
    index: int
    url: str
    sha256: str | None
    note: Mapping[str, Any] | None = field(default=None, compare=False)

    def accepts(self, sha256: str) -> bool:
        """Whether the request expects bytes with this digest, or any bytes."""
        return self.sha256 in {None, sha256}


@dataclass(frozen=True, slots=True)
class File:
    """Images that belong together.

    Attributes:
        id: the name of the receipt.
        digest: SHA-256 over the URLs and their roles, in order; 64 hex digits.
        images: in the order of the request: the file first, then the base images.
        refresh: whether every image is downloaded anew, whatever is known of it.
        note: what the caller wants to find again in the receipt and in the table of a run, or None.
    """

    id: str
    digest: str
    images: tuple[ImageRequest, ...]
    refresh: bool = False
    note: Mapping[str, Any] | None = field(default=None, compare=False)

    @classmethod
    def parse(cls, document: object, *, max_base_images: int = DEFAULT_MAX_BASE_IMAGES) -> "File":
        """Parse a File, or a URL list.

        Args:
            document: decoded JSON.
            max_base_images: the limit of base images; a URL list may have one image more.

        Raises:
            InvalidFile: with every fault at once.
        """
        valid = _validate(document, max_base_images)
        requests = tuple(_read_file_images(valid) if isinstance(valid, FileDocument) else _read_list_images(valid))
        digest = _compute_digest(requests)
        return cls(valid.id or digest, digest, requests, bool(valid.refresh), valid.note)


def _validate(document: object, max_base_images: int) -> FileDocument | UrlListDocument:
    # Nearly every document has known members only, and not too many items. Then nothing else is looked at.
    if not isinstance(document, dict):
        return _validate_thoroughly(document, max_base_images)
    is_list = "urls" in document
    items = document.get("urls" if is_list else "baseUrls")
    if isinstance(items, list) and len(items) <= max_base_images + is_list:
        try:
            model = UrlListDocument if is_list else FileDocument
            return model.model_validate(document, extra="forbid")
        except ValidationError:
            pass  # what follows finds the faults, or that the unknown members can be ignored
    return _validate_thoroughly(document, max_base_images)


def _validate_thoroughly(document: object, max_base_images: int) -> FileDocument | UrlListDocument:
    from intake.model import file_faults  # noqa: PLC0415 - most functions never meet a faulty File

    if not isinstance(document, dict):
        raise InvalidFile([file_faults.find_type_fault(document)])
    model = UrlListDocument if file_faults.is_url_list(document) else FileDocument
    if not file_faults.has_unusual_members(document, max_base_images):
        try:
            return model.model_validate(document)
        except ValidationError:
            pass  # find_faults validates again, and describes the faults
    raise InvalidFile(file_faults.find_faults(document, max_base_images))


def _read_file_images(file: FileDocument) -> Iterator[ImageRequest]:
    yield _make_request(Role.FILE, 0, file.file_url, file.sha256, None)
    for index, base in enumerate(file.base_urls):
        yield _make_request(Role.BASE, index, base.url, base.sha256, base.note)


def _read_list_images(document: UrlListDocument) -> Iterator[ImageRequest]:
    for index, item in enumerate(document.urls):
        yield _make_request(Role.IMAGE, index, item.url, item.sha256, item.note)


def _make_request(role: Role, index: int, url: str, sha256: str | None, note: Mapping[str, Any] | None) -> ImageRequest:
    return ImageRequest(role, index, url, sha256.lower() if sha256 else None, note)


def _compute_digest(images: tuple[ImageRequest, ...]) -> str:
    text = _ENCODER.encode([[image.role, image.url] for image in images])
    return hashlib.sha256(text.encode("ascii")).hexdigest()
