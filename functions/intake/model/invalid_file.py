"""Faults: why a document is not a valid File."""

from dataclasses import dataclass


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
