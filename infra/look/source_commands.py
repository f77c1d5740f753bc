"""Commands that a page tells its reader to type, for results in a folder or in the bucket of a stack."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar, Protocol

from infra.bulk.commands import DEFAULT_STACK, Commands
from intake.model.object_keys import table_prefix

_FETCHED = "folder"


class SourceCommands(Protocol):
    """The commands for one place of results."""

    def location(self, key: str) -> str:
        """Return the path or the address of a key."""

    def look(self, file_id: str) -> str:
        """Return the command that writes the page of a receipt."""

    def send_again(self, run: str, key: str) -> list[str]:
        """Return the commands that send a list among the results of a run again."""

    @property
    def resume(self) -> str:
        """How the user completes a run that stopped, as a sentence."""

    def follow(self, run: str) -> list[str]:
        """Return the commands that follow a run; none if they are not known here."""

    def fetch_table(self, run: str) -> list[str]:
        """Return the commands that bring the table of a run to this machine; none if it is here."""

    def table_files(self, run: str) -> str:
        """Return a pattern for the files of the table, after `fetch_table`."""


NO_SETTINGS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class FolderCommands:
    """Commands for a folder of `make run`.

    Attributes:
        folder: the folder.
        settings: those of the run, which the next command needs as well.
    """

    folder: Path
    settings: Mapping[str, str] = NO_SETTINGS
    resume: ClassVar[str] = "The same make run command goes on where it stopped."

    def location(self, key: str) -> str:
        return str(self.folder / key)

    def look(self, file_id: str) -> str:
        return f"make look ID={file_id} {_assign('OUT', str(self.folder))}"

    def send_again(self, run: str, key: str) -> list[str]:
        del run
        variables = {"LIST": str(self.folder / key), "OUT": str(self.folder), **self.settings}
        return [" ".join(["make run", *(_assign(name, value) for name, value in variables.items())])]

    def follow(self, run: str) -> list[str]:
        del run
        return []

    def fetch_table(self, run: str) -> list[str]:
        del run
        return []

    def table_files(self, run: str) -> str:
        return f"{self.folder / table_prefix(run)}/*.jsonl.gz"


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

    def look(self, file_id: str) -> str:
        return Commands(self.stack, self.endpoint).look(f"ID={file_id}")

    def send_again(self, run: str, key: str) -> list[str]:
        return [*self.fetch_table(run), self._make(_assign("LIST", f"{_FETCHED}/{key}"))]

    def follow(self, run: str) -> list[str]:
        return [self._make(_assign("RUN", run))]

    def fetch_table(self, run: str) -> list[str]:
        return [self._make(_assign("RUN", run), out=_FETCHED)]

    def table_files(self, run: str) -> str:
        return f"{_FETCHED}/{table_prefix(run)}*.jsonl.gz"

    def _make(self, argument: str, out: str = "") -> str:
        return Commands(self.stack, self.endpoint, out).bulk(argument)


def _assign(name: str, value: str) -> str:
    """Return an assignment for make in a shell: make reads $$ as $."""
    return f"{name}={shlex.quote(value.replace('$', '$$'))}"
