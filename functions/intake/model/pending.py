"""Pending: the response about a File that waits in the inbox."""

from typing import Literal

from pydantic import BaseModel


class Pending(BaseModel, frozen=True):
    """A File that waits in the inbox; its receipt will be at the Location of this response."""

    id: str
    status: Literal["pending"] = "pending"

    def to_json(self) -> bytes:
        return self.model_dump_json().encode()
