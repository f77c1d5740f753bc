"""Finds every fault of a document that is not a File, and known members that are spelled differently.

`File.parse` comes here only for documents that have a fault or an unknown member.
"""

from collections.abc import Iterator
from itertools import chain, islice
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from intake.model.aws_events import describe_event
from intake.model.file_schema import FileDocument, UrlListDocument
from intake.model.invalid_file import Fault
from intake.model.misspelled_names import KnownNames

MAX_MISSPELLED = 20
"""The limit of faults about spelling. Nobody writes more by accident, and a document of 1 MiB could have 100,000."""

_OF_FILE = {"fileUrl", "baseUrls"}
_MEMBERS = KnownNames("fileUrl", "baseUrls", "urls", "id", "sha256", "refresh", "note")
_ITEM_MEMBERS = KnownNames("url", "sha256", "note")
_LONGEST_NAME = 64

_FORMS = "a File has fileUrl and baseUrls, a list of URLs has urls"
_BOTH_FORMS = "is beside fileUrl or baseUrls: send either a File, with fileUrl and baseUrls, or a list, with urls"
_ONE_URL = 'must be in a list: write {"urls": ["https://..."]}, even for one URL'
_DIGEST_OF_LIST = 'belongs to one URL, not to the list: write {"url": "https://...", "sha256": "..."} in urls'
_MISSING = "is missing"
_NO_BASE_IMAGES = ': without base images, send {"urls": ["https://..."]}'
_ADVICE_FOR_LIST = """. Send each File by itself, or many as lines of a .jsonl object; URLs as {"urls": [...]}"""
_ADVICE_FOR_TEXT = ": send the object itself, not its JSON as a string"
_ITEM_TYPES = {"baseUrls": "an object or a list", "urls": "a string or an object"}
_EXAMPLES = {"baseUrls": '{"url": "https://..."}', "urls": '"https://..."'}
_TYPE_NAMES: tuple[tuple[type, str], ...] = (
    (bool, "a boolean"),
    (int, "a number"),
    (float, "a number"),
    (str, "a string"),
    (list, "a list"),
    (dict, "an object"),
)


def find_type_fault(document: object) -> Fault:
    """Return the fault of a document that is not an object, with what to do."""
    is_encoded = isinstance(document, str) and document.lstrip().startswith("{")
    advice = _ADVICE_FOR_LIST if isinstance(document, list) else _ADVICE_FOR_TEXT if is_encoded else ""
    return Fault("", f"must be an object, got {_describe_type(document)}{advice}")


def is_url_list(document: dict[str, Any]) -> bool:
    """Whether a document is a URL list and not a File. Members that are null count as missing."""
    given = _find_given(document)
    return "urls" in given and not given.keys() & _OF_FILE


def has_unusual_members(document: dict[str, Any], max_base_images: int) -> bool:
    """Whether a document has a fault that its models do not find: in the spelling, place or number of its members."""
    lists = (document.get("baseUrls"), max_base_images), (document.get("urls"), max_base_images + 1)
    if any(isinstance(items, list) and len(items) > limit for items, limit in lists):
        return True
    unusual = chain(_find_special(document, _find_given(document)), _find_misspelled(document, max_base_images + 1))
    return next(unusual, None) is not None


def find_faults(document: dict[str, Any], max_base_images: int) -> list[Fault]:
    """Return every fault of a document, each with another path.

    Args:
        document: an object of decoded JSON.
        max_base_images: the limit of base images; a URL list may have one image more.
    """
    given = _find_given(document)
    is_file, is_list = bool(given.keys() & _OF_FILE), "urls" in given
    if not is_file and not is_list and (event := describe_event(document)):
        return [Fault("", event)]
    faults: dict[str, Fault] = {}
    if is_file or not is_list:
        faults |= _validate(FileDocument, "baseUrls", document, max_base_images)
    if is_list:
        faults |= _validate(UrlListDocument, "urls", document, max_base_images + 1)
    unusual = [*_find_misspelled(document, max_base_images + 1), *_find_special(document, given)]
    for right_path, fault in unusual:
        if right_path in faults and faults[right_path].message.startswith(_MISSING):
            del faults[right_path]
        faults[fault.path] = fault
    return list(faults.values())


def _find_given(document: dict[str, Any]) -> dict[str, str]:
    """Return the known members that are not null, each with a name that it is given under."""
    given = {_MEMBERS.find(name): name for name, value in document.items() if value is not None}
    return {known: name for known, name in given.items() if known}


def _find_special(document: dict[str, Any], given: dict[str, str]) -> Iterator[tuple[str, Fault]]:
    """Yield the faults of members that are known, but wrong here; each with a path that is not missing then."""
    is_file, is_list = bool(given.keys() & _OF_FILE), "urls" in given
    if is_file and is_list:
        yield from ((member, Fault(given["urls"], _BOTH_FORMS)) for member in ("fileUrl", "baseUrls", "urls"))
    elif is_list and "sha256" in given:
        yield given["sha256"], Fault(given["sha256"], _DIGEST_OF_LIST)
    elif not is_file and not is_list:
        names = (name for name in document if _ITEM_MEMBERS.find(name) == "url")
        for name in islice(names, 1):
            yield from ((member, Fault(name, _ONE_URL)) for member in ("fileUrl", "baseUrls"))


def _find_misspelled(document: dict[str, Any], max_items: int) -> Iterator[tuple[str, Fault]]:
    """Yield the faults of members that spell a known one differently; each with the path of the known one."""
    found = _compare_names(document, _MEMBERS, "")
    yield from islice(found, MAX_MISSPELLED)
    for member in ("baseUrls", "urls"):
        items = document.get(member)
        for index, item in enumerate(items[:max_items] if isinstance(items, list) else ()):
            if isinstance(item, dict):
                found = _compare_names(item, _ITEM_MEMBERS, f"{member}[{index}].")
                yield from islice(found, MAX_MISSPELLED)


def _compare_names(members: dict[str, Any], known: KnownNames, prefix: str) -> Iterator[tuple[str, Fault]]:
    for name in members:
        if name not in known.names and (right := known.find(name)):
            shown = name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}..."
            yield prefix + right, Fault(prefix + shown, f"must be written {right}")


def _validate(model: type[BaseModel], member: str, document: dict[str, Any], max_items: int) -> dict[str, Fault]:
    """Return the faults that a model finds, by their paths. Only the first `max_items` of a list are validated."""
    items, faults = document.get(member), []
    if isinstance(items, list) and len(items) > max_items:
        faults = [Fault(member, f"must have at most {max_items} items, got {len(items)}")]
        document = {**document, member: items[:max_items]}
    try:
        model.model_validate(document)
    except ValidationError as error:
        faults = [_make_fault(detail, document) for detail in error.errors(include_url=False)] + faults
    return {fault.path: fault for fault in faults}


def _make_fault(detail: ErrorDetails, document: dict[str, Any]) -> Fault:
    location, kind, value = detail["loc"], detail["type"], detail["input"]
    match kind:
        case "string_type":
            message = f"must be a string, got {_describe_type(value)}"
        case "bool_type":
            message = f"must be true or false, got {_describe_type(value)}"
        case "string_unicode":
            message = "must be Unicode text"
        case "dict_type":
            message = f"must be an object, got {_describe_type(value)}"
        case "list_type":
            message = f"must be a list, got {_describe_type(value)}{_advise_on_list(str(location[0]), value)}"
        case "model_type" | "model_attributes_type":
            member = str(location[0])
            message = f"must be {_ITEM_TYPES[member]}, got {_describe_type(value)}: write {_EXAMPLES[member]}"
        case "missing":
            message = _MISSING if len(location) > 1 else _describe_missing(str(location[0]), document)
        case "too_short":
            message = f"must have at least 1 item{_advise_on_list(str(location[0]), value)}"
        case "string_pattern_mismatch":
            message = f"must match {detail['ctx']['pattern']}"
        case _:
            message = detail["msg"]
    return Fault(_format_path(location, document), message)


def _describe_missing(member: str, document: dict[str, Any]) -> str:
    """Say what a document lacks: a URL list is meant if only the base images are missing."""
    only_bases = member == "baseUrls" and isinstance(document.get("fileUrl"), str)
    return f"{_MISSING}{_NO_BASE_IMAGES}" if only_bases else f"{_MISSING}; {_FORMS}"


def _advise_on_list(member: str, value: object) -> str:
    """Return what to write in place of a value that is no list, or an empty one."""
    if not value:
        return _NO_BASE_IMAGES if member == "baseUrls" else ""
    return f": write [{_EXAMPLES[member]}]"


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
