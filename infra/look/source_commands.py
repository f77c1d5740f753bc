"""Commands that a page tells its reader to type, for results in a folder or in the bucket of a stack."""

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol

from infra.bulk.commands import DEFAULT_STACK, Commands

_FETCHED = "table"


class SourceCommands(Protocol):
    """The commands for one place of results."""

    def location(self, key: str) -> str:
        """Return the path or the address of a key."""

    def send_again(self, key: str) -> list[str]:
        """Return the commands that send a list among the results again."""

    @property
    def resume(self) -> str:
        """How the user completes a run that stopped, as a sentence."""

    def follow(self, run: str) -> list[str]:
        """Return the commands that follow a run; none if they are not known here."""

    def fetch_table(self, prefix: str) -> list[str]:
        """Return the commands that bring the table to this machine; none if it is here."""

    def table_files(self, prefix: str) -> str:
        """Return a pattern for the files of the table, after `fetch_table`."""


@dataclass(frozen=True, slots=True)
class FolderCommands:
    """Commands for a folder of `make run`."""

    folder: Path
    resume: ClassVar[str] = "The same make run command goes on where it stopped."

    def location(self, key: str) -> str:
        return str(self.folder / key)

    def send_again(self, key: str) -> list[str]:
        return [f"make run {_assign('LIST', str(self.folder / key))} {_assign('OUT', str(self.folder))}"]

    def follow(self, run: str) -> list[str]:
        del run
        return []

    def fetch_table(self, prefix: str) -> list[str]:
        del prefix
        return []

    def table_files(self, prefix: str) -> str:
        return f"{self.folder / prefix}/*.jsonl.gz"


@dataclass(frozen=True, slots=True)
class BucketCommands:
    """Commands for the image bucket of a stack.

    Attributes:
        bucket: its name.
        stack: the name of the stack.
        endpoint: URL of a local AWS; None for AWS itself.
    """

    bucket: str
    stack: str = DEFAULT_STACK
    endpoint: str | None = None
    resume: ClassVar[str] = "Send the whole list again: no image is stored twice."

    def location(self, key: str) -> str:
        return f"s3://{self.bucket}/{key}"

    def send_again(self, key: str) -> list[str]:
        name = key.rpartition("/")[2]
        fetch = f"{self._aws()} cp {shlex.quote(self.location(key))} {shlex.quote(name)}"
        return [fetch, self._make(_assign("LIST", name))]

    def follow(self, run: str) -> list[str]:
        return [self._make(_assign("RUN", run))]

    def fetch_table(self, prefix: str) -> list[str]:
        return [f"{self._aws()} cp --recursive {shlex.quote(self.location(prefix))} {_FETCHED}"]

    def table_files(self, prefix: str) -> str:
        del prefix
        return f"{_FETCHED}/*.jsonl.gz"

    def _aws(self) -> str:
        return f"aws --endpoint-url {self.endpoint} s3" if self.endpoint else "aws s3"

    def _make(self, argument: str) -> str:
        return Commands(self.stack, self.endpoint).bulk(argument)


def _assign(name: str, value: str) -> str:
    """Return an assignment for make in a shell: make reads $$ as $."""
    return f"{name}={shlex.quote(value.replace('$', '$$'))}"
