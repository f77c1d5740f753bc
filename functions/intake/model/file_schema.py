"""What callers may write, as models: they read a document, and the published schema is made from them."""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StrictStr, TypeAdapter
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticKnownError

ID_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$"
SHA256_PATTERN = r"^[0-9A-Fa-f]{64}$"


def _encodable(text: str) -> str:
    # JSON can spell half a surrogate pair; no receipt could carry it.
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise PydanticKnownError("string_unicode") from error
    return text


_ID = Annotated[
    StrictStr,
    Field(
        pattern=ID_PATTERN,
        description="Names the receipt. Left out: a digest of the URLs.",
        examples=["lot-7-cam-2"],
    ),
]
_SHA256 = Annotated[StrictStr, Field(pattern=SHA256_PATTERN, description="SHA-256 of the bytes that are expected.")]
_URL = Annotated[
    StrictStr,
    AfterValidator(_encodable),
    Field(description="Where the image is. What it says is judged per image."),
]


class _Document(BaseModel):
    # Members that are not named here are ignored, so that callers can keep notes of their own in a File.
    model_config = ConfigDict(alias_generator=to_camel, extra="ignore", frozen=True)


class UrlObject(_Document):
    """An image by its URL."""

    url: _URL
    sha256: _SHA256 | None = None


def _first_of_list(value: object) -> object:
    return {"url": value[0]} if isinstance(value, list) and value else {} if value == [] else value


def _lone_url(value: object) -> object:
    return {"url": value} if isinstance(value, str) else value


_BaseUrl = Annotated[
    UrlObject,
    BeforeValidator(
        _first_of_list,
        json_schema_input_type=UrlObject
        | Annotated[list[Any], Field(min_length=1, json_schema_extra={"prefixItems": [{"type": "string"}]})],
    ),
]
_ListedUrl = Annotated[UrlObject, BeforeValidator(_lone_url, json_schema_input_type=UrlObject | _URL)]


class FileSchema(_Document):
    """An image to inspect and the base images that it is compared with."""

    file_url: _URL
    base_urls: Annotated[
        list[_BaseUrl],
        Field(
            min_length=1,
            json_schema_extra={"maxItems": 100},
            description="The base images, each an object with `url`, or a list whose first item is the URL.",
        ),
    ]
    sha256: _SHA256 | None = None
    id: _ID | None = None


class UrlListSchema(_Document):
    """Images without roles."""

    urls: Annotated[
        list[_ListedUrl],
        Field(
            min_length=1,
            json_schema_extra={"maxItems": 101},
            description="The images: URLs, or objects with `url`.",
        ),
    ]
    id: _ID | None = None


FILE_JSON_SCHEMA: TypeAdapter[FileSchema | UrlListSchema] = TypeAdapter(FileSchema | UrlListSchema)
"""Only for the JSON schema: `File.parse` decides by the members that are there, and names faults of one form."""
