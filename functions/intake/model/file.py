"""File: the images that one request asks for. `File.parse` reads a File or a URL list and names every fault.

Every entry point parses its documents here, so no other module validates them.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from intake.model.file_schema import (
    DEFAULT_MAX_BASE_IMAGES,
    FILE_JSON_SCHEMA,
    ID_PATTERN,
    FileDocument,
    UrlListDocument,
)

__all__ = ["FILE_JSON_SCHEMA", "ID_PATTERN", "Fault", "File", "ImageRequest", "InvalidFile", "Role"]

_ITEM_TYPES = {"baseUrls": "an object or a list", "urls": "a string or an object"}
_TYPE_NAMES: tuple[tuple[type, str], ...] = (
    (bool, "a boolean"),
    (int, "a number"),
    (float, "a number"),
    (str, "a string"),
    (list, "a list"),
    (dict, "an object"),
)


class Role(StrEnum):
    """The role of an image in its File."""

    FILE = "file"
    BASE = "base"
    IMAGE = "image"


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault of a File, with its path, such as `baseUrls[3].url`; the path is empty for the File itself."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class InvalidFile(Exception):
    """The document is not a valid File; `faults` has every fault. The text of the exception has the first ones."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = faults
        super().__init__("; ".join(map(str, faults[:10])))


@dataclass(frozen=True, slots=True)
class ImageRequest:
    """One image of a File.

    Attributes:
        role: the role of the image.
        index: its position among the images of its role, from 0.
        url: the text that the caller sent; it may not be a URL at all.
        sha256: the expected digest of the bytes, in lower case, or None.
    """

    role: Role
    index: int
    url: str
    sha256: str | None

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
    """

    id: str
    digest: str
    images: tuple[ImageRequest, ...]

    @classmethod
    def parse(cls, document: object, *, max_base_images: int = DEFAULT_MAX_BASE_IMAGES) -> "File":
        """Parse a File, or a URL list.

        Args:
            document: decoded JSON.
            max_base_images: the limit of base images; a URL list may have one image more.

        Raises:
            InvalidFile: with every fault at once.
        """
        if not isinstance(document, dict):
            raise InvalidFile([Fault("", f"must be an object, got {_describe_type(document)}")])
        is_url_list = "urls" in document and not {"fileUrl", "baseUrls"} & document.keys()
        if is_url_list:
            images = _read_list_images(_validate(UrlListDocument, *_shorten(document, "urls", max_base_images + 1)))
        else:
            images = _read_file_images(_validate(FileDocument, *_shorten(document, "baseUrls", max_base_images)))
        requests = tuple(images)
        digest = _compute_digest(requests)
        return cls(document.get("id") or digest, digest, requests)


def _validate[T: BaseModel](model: type[T], document: dict[str, Any], faults: list[Fault]) -> T:
    try:
        valid = model.model_validate(document)
    except ValidationError as error:
        faults = [_make_fault(detail, document) for detail in error.errors(include_url=False)] + faults
    if faults:
        raise InvalidFile(faults)
    return valid


def _shorten(document: dict[str, Any], member: str, max_items: int) -> tuple[dict[str, Any], list[Fault]]:
    """Return the document with at most `max_items` items, and one fault if the list was longer."""
    items = document.get(member)
    if isinstance(items, list) and len(items) > max_items:
        fault = Fault(member, f"must have at most {max_items} items, got {len(items)}")
        return {**document, member: items[:max_items]}, [fault]
    return document, []


def _read_file_images(file: FileDocument) -> Iterator[ImageRequest]:
    yield _make_request(Role.FILE, 0, file.file_url, file.sha256)
    for index, base in enumerate(file.base_urls):
        yield _make_request(Role.BASE, index, base.url, base.sha256)


def _read_list_images(document: UrlListDocument) -> Iterator[ImageRequest]:
    for index, item in enumerate(document.urls):
        yield _make_request(Role.IMAGE, index, item.url, item.sha256)


def _make_request(role: Role, index: int, url: str, sha256: str | None) -> ImageRequest:
    return ImageRequest(role, index, url, sha256.lower() if sha256 else None)


def _compute_digest(images: tuple[ImageRequest, ...]) -> str:
    text = json.dumps([[image.role, image.url] for image in images], separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _make_fault(detail: ErrorDetails, document: dict[str, Any]) -> Fault:
    location, kind, value = detail["loc"], detail["type"], detail["input"]
    match kind:
        case "string_type":
            message = f"must be a string, got {_describe_type(value)}"
        case "string_unicode":
            message = "must be Unicode text"
        case "list_type":
            message = f"must be a list, got {_describe_type(value)}"
        case "model_type" | "model_attributes_type":
            message = f"must be {_ITEM_TYPES[str(location[0])]}, got {_describe_type(value)}"
        case "missing":
            message = "is missing"
        case "too_short":
            message = "must have at least 1 item"
        case "string_pattern_mismatch":
            message = f"must match {detail['ctx']['pattern']}"
        case _:
            message = detail["msg"]
    return Fault(_format_path(location, document), message)


def _format_path(location: tuple[int | str, ...], document: dict[str, Any]) -> str:
    """Return a path in the caller's document, which has no member `url` if the URL is a string or is in a list."""
    match location:
        case (str(member), int(index), "url") if isinstance(document[member][index], list):
            return f"{member}[{index}][0]"
        case (str(member), int(index), "url") if isinstance(document[member][index], str):
            return f"{member}[{index}]"
        case (str(member), int(index), *rest):
            return ".".join([f"{member}[{index}]", *map(str, rest)])
        case _:
            return ".".join(map(str, location))


def _describe_type(value: object) -> str:
    return next((name for kind, name in _TYPE_NAMES if isinstance(value, kind)), "null")
