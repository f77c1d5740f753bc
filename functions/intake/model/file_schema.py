"""Models of the JSON documents that callers send. They validate documents and generate the published schema."""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StrictStr, TypeAdapter
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError, PydanticKnownError

from intake.model.limits import Limits

ID_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$"
SHA256_PATTERN = r"^[0-9A-Fa-f]{64}$"
DEFAULT_MAX_BASE_IMAGES = Limits().max_base_images


def _require_unicode(text: str) -> str:
    # JSON allows an unpaired surrogate; a receipt in UTF-8 cannot contain one.
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise PydanticKnownError("string_unicode") from error
    return text


def _check_note(note: dict[str, Any]) -> dict[str, Any]:
    from intake.model.note import find_note_fault  # noqa: PLC0415 - most Files have no note

    if fault := find_note_fault(note):
        raise PydanticCustomError("note", "{fault}", {"fault": fault})
    return note


_ID = Annotated[
    StrictStr,
    Field(
        pattern=ID_PATTERN,
        description="The name of the receipt. Default: a digest of the URLs.",
        examples=["lot-7-cam-2"],
    ),
]
_SHA256 = Annotated[StrictStr, Field(pattern=SHA256_PATTERN, description="The expected SHA-256 of the bytes.")]
_REFRESH = Annotated[
    StrictBool | None,
    Field(description="Whether every image is downloaded anew, whatever is known of it."),
]
_NOTE = Annotated[
    dict[str, Any],
    AfterValidator(_check_note),
    Field(
        description="An object of your own, which the receipt repeats: at most 2,048 bytes as compact JSON in UTF-8, "
        "at most 32 levels. It is stored as it is, so it must not contain secrets.",
        examples=[{"lot": 7, "camera": "front"}],
    ),
]
_URL = Annotated[
    StrictStr,
    AfterValidator(_require_unicode),
    Field(description="The URL of the image. An invalid URL fails this image only."),
]


class _Document(BaseModel):
    # Unknown members are ignored, so callers can add their own.
    model_config = ConfigDict(alias_generator=to_camel, extra="ignore", frozen=True)


class UrlObject(_Document):
    """An image by its URL."""

    url: _URL
    sha256: _SHA256 | None = None
    note: _NOTE | None = None


def _wrap_first_item(value: object) -> object:
    return {"url": value[0]} if isinstance(value, list) and value else {} if value == [] else value


def _wrap_url(value: object) -> object:
    return {"url": value} if isinstance(value, str) else value


_BaseUrl = Annotated[
    UrlObject,
    BeforeValidator(
        _wrap_first_item,
        json_schema_input_type=UrlObject
        | Annotated[list[Any], Field(min_length=1, json_schema_extra={"prefixItems": [{"type": "string"}]})],
    ),
]
_ListedUrl = Annotated[UrlObject, BeforeValidator(_wrap_url, json_schema_input_type=UrlObject | _URL)]


class FileDocument(_Document):
    """One image to inspect, and the base images to compare it with."""

    file_url: _URL
    base_urls: Annotated[
        list[_BaseUrl],
        Field(
            min_length=1,
            json_schema_extra={"maxItems": DEFAULT_MAX_BASE_IMAGES},
            description="The base images, each an object with `url`, or a list whose first item is the URL.",
        ),
    ]
    sha256: _SHA256 | None = None
    id: _ID | None = None
    refresh: _REFRESH = None
    note: _NOTE | None = None


class UrlListDocument(_Document):
    """Images without roles."""

    urls: Annotated[
        list[_ListedUrl],
        Field(
            min_length=1,
            json_schema_extra={"maxItems": DEFAULT_MAX_BASE_IMAGES + 1},
            description="The images: URLs, or objects with `url`.",
        ),
    ]
    id: _ID | None = None
    refresh: _REFRESH = None
    note: _NOTE | None = None


FILE_JSON_SCHEMA: TypeAdapter[FileDocument | UrlListDocument] = TypeAdapter(FileDocument | UrlListDocument)
"""Only for the JSON schema. `File.parse` chooses one model by the members, and reports the faults of that one."""
