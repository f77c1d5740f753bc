"""What callers hand over: a File, or a URL list. Past this door nothing is a dict any more."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from intake.model.file_schema import FILE_JSON_SCHEMA, ID_PATTERN, FileSchema, UrlListSchema

__all__ = ["FILE_JSON_SCHEMA", "ID_PATTERN", "Fault", "File", "ImageRequest", "InvalidFile", "Role"]

_FORMS = {"baseUrls": "an object or a list", "urls": "a string or an object"}
_TYPE_NAMES: tuple[tuple[type, str], ...] = (
    (bool, "a boolean"),
    (int, "a number"),
    (float, "a number"),
    (str, "a string"),
    (list, "a list"),
    (dict, "an object"),
)


class Role(StrEnum):
    """What an image is in its File."""

    FILE = "file"
    BASE = "base"
    IMAGE = "image"


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a File, and where: a path such as `baseUrls[3].url`, empty for the File itself."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class InvalidFile(Exception):
    """The document is not a File; `faults` names everything that is wrong with it."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = faults
        super().__init__("; ".join(map(str, faults)))


@dataclass(frozen=True, slots=True)
class ImageRequest:
    """One image that is asked for.

    Attributes:
        role: what it is in the File.
        index: its place among those of its role, from 0.
        url: as the caller wrote it; it may be anything.
        sha256: the digest that is expected, in lower case, or None.
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
        id: names the receipt.
        digest: SHA-256 over the URLs and their roles, in order; 64 hex digits.
        images: in the order of the request: the file first, then the base images.
    """

    id: str
    digest: str
    images: tuple[ImageRequest, ...]

    @classmethod
    def parse(cls, document: object, *, max_base_images: int = 100) -> "File":
        """Read a File, or a URL list, from what a JSON document says.

        Args:
            document: decoded JSON.
            max_base_images: how many base images are taken; a URL list may have one more.

        Raises:
            InvalidFile: with every fault at once.
        """
        if not isinstance(document, dict):
            raise InvalidFile([Fault("", f"must be an object, got {_type_name(document)}")])
        is_list = "urls" in document and not {"fileUrl", "baseUrls"} & document.keys()
        if is_list:
            images = _images_of_list(_validate(UrlListSchema, *_cut(document, "urls", max_base_images + 1)))
        else:
            images = _images_of_file(_validate(FileSchema, *_cut(document, "baseUrls", max_base_images)))
        requests = tuple(images)
        digest = _digest(requests)
        return cls(document.get("id") or digest, digest, requests)


def _validate[T: BaseModel](model: type[T], document: dict[str, Any], faults: list[Fault]) -> T:
    try:
        valid = model.model_validate(document)
    except ValidationError as error:
        faults = [_fault(detail, document) for detail in error.errors(include_url=False)] + faults
    if faults:
        raise InvalidFile(faults)
    return valid


def _cut(document: dict[str, Any], member: str, most: int) -> tuple[dict[str, Any], list[Fault]]:
    """Return what is judged of a document: a list that is too long is one fault, not one more for each item."""
    items = document.get(member)
    if isinstance(items, list) and len(items) > most:
        fault = Fault(member, f"must have at most {most} items, got {len(items)}")
        return {**document, member: items[:most]}, [fault]
    return document, []


def _images_of_file(file: FileSchema) -> Iterator[ImageRequest]:
    yield _request(Role.FILE, 0, file.file_url, file.sha256)
    for index, base in enumerate(file.base_urls):
        yield _request(Role.BASE, index, base.url, base.sha256)


def _images_of_list(document: UrlListSchema) -> Iterator[ImageRequest]:
    for index, item in enumerate(document.urls):
        yield _request(Role.IMAGE, index, item.url, item.sha256)


def _request(role: Role, index: int, url: str, sha256: str | None) -> ImageRequest:
    return ImageRequest(role, index, url, sha256.lower() if sha256 else None)


def _digest(images: tuple[ImageRequest, ...]) -> str:
    text = json.dumps([[image.role, image.url] for image in images], separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _fault(detail: ErrorDetails, document: dict[str, Any]) -> Fault:
    location, kind, value = detail["loc"], detail["type"], detail["input"]
    match kind:
        case "string_type":
            message = f"must be a string, got {_type_name(value)}"
        case "string_unicode":
            message = "must be Unicode text"
        case "list_type":
            message = f"must be a list, got {_type_name(value)}"
        case "model_type" | "model_attributes_type":
            message = f"must be {_FORMS[str(location[0])]}, got {_type_name(value)}"
        case "missing":
            message = "is missing"
        case "too_short":
            message = "must have at least 1 item"
        case "string_pattern_mismatch":
            message = f"must match {detail['ctx']['pattern']}"
        case _:
            message = detail["msg"]
    return Fault(_path(location, document), message)


def _path(location: tuple[int | str, ...], document: dict[str, Any]) -> str:
    """Write a location as the caller would: where a URL stands in a list or alone, it has no member `url`."""
    match location:
        case (str(member), int(index), "url") if isinstance(document[member][index], list):
            return f"{member}[{index}][0]"
        case (str(member), int(index), "url") if isinstance(document[member][index], str):
            return f"{member}[{index}]"
        case (str(member), int(index), *rest):
            return ".".join([f"{member}[{index}]", *map(str, rest)])
        case _:
            return ".".join(map(str, location))


def _type_name(value: object) -> str:
    return next((name for kind, name in _TYPE_NAMES if isinstance(value, kind)), "null")
