"""A problem document (RFC 9457): what is wrong with what was handed over, with every fault at once."""

from http import HTTPStatus
from typing import Self

from pydantic import BaseModel

from intake.domain.file import Fault


class Problem(BaseModel):
    """A problem document (RFC 9457)."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    errors: list[Fault] = []

    @classmethod
    def of(cls, status: HTTPStatus, detail: str, faults: list[Fault] | None = None) -> Self:
        return cls(title=status.phrase, status=status, detail=detail, errors=faults or [])

    def to_json(self) -> bytes:
        return self.model_dump_json().encode()
