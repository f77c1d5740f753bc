"""Problem: an RFC 9457 document that says why a File or manifest was refused, with up to `MAX_ERRORS` faults."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated, Self

from pydantic import BaseModel, Field
from pydantic.json_schema import SkipJsonSchema

from intake.model.file import Fault
from intake.model.shown_text import redact_fault

MAX_ERRORS = 500
"""Faults in one problem document. With texts of at most 300 characters, a response has less than the 6 MB that Lambda
permits (AWS Lambda quotas, "Invocation payload"). A File of 101 images has at most 205 faults of its schema."""


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
        faults: Sequence[Fault] = (),
        manifest: ManifestEntry | None = None,
        *,
        more_faults: int = 0,
    ) -> Self:
        """Create a problem document.

        Args:
            status: the HTTP status.
            detail: what is wrong. The number of faults that are not listed is appended to it.
            faults: the faults; the first `MAX_ERRORS` are listed.
            manifest: the manifest that the problem is about.
            more_faults: faults that `faults` does not contain.
        """
        errors = [redact_fault(fault) for fault in faults[:MAX_ERRORS]]
        more = more_faults + len(faults) - len(errors)
        detail += f" {more:,} more faults are not listed." if more else ""
        return cls(title=status.phrase, status=status, detail=detail, errors=errors, manifest=manifest)

    def to_json(self) -> bytes:
        return self.model_dump_json().encode()
