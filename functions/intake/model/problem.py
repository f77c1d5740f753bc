"""Problem: an RFC 9457 document that says why a File or manifest was refused, with every fault at once."""

from http import HTTPStatus
from typing import Annotated, Self

from pydantic import BaseModel, Field
from pydantic.json_schema import SkipJsonSchema

from intake.model.file import Fault


class ManifestEntry(BaseModel):
    """The manifest that a problem is about."""

    key: Annotated[str, Field(description="The key of the object in the inbox bucket.")]
    etag: Annotated[str, Field(description="The ETag of that object; a corrected manifest has another one.")]


class Problem(BaseModel):
    """A problem document (RFC 9457)."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    errors: list[Fault] = []
    manifest: Annotated[
        ManifestEntry | SkipJsonSchema[None],
        Field(exclude_if=lambda entry: entry is None, json_schema_extra=lambda schema: schema.pop("default")),
    ] = None

    @classmethod
    def of(
        cls,
        status: HTTPStatus,
        detail: str,
        faults: list[Fault] | None = None,
        manifest: ManifestEntry | None = None,
    ) -> Self:
        return cls(title=status.phrase, status=status, detail=detail, errors=faults or [], manifest=manifest)

    def to_json(self) -> bytes:
        return self.model_dump_json().encode()
