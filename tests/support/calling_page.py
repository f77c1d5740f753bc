"""The examples of docs/calling.md: each block that begins with the name of a file is that file."""

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

from infra.build.template_file import ROOT

PAGE = ROOT / "docs" / "calling.md"
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.DOTALL | re.MULTILINE)
_VARIABLE = re.compile(r"^\| `(\w+)` \| the output `(\w+)` \|$", re.MULTILINE)
_FILE_NAME = re.compile(r"(?:#|//) ([a-z_]+\.\w+)\n")


class Block(NamedTuple):
    """A block of code.

    Attributes:
        language: as the page marks it.
        name: the file that it is, or an empty text for a command.
        text: the code, with the line that names the file.
    """

    language: str
    name: str
    text: str


def list_variables() -> dict[str, str]:
    """Return the output of the stack that each variable of the page has as its value."""
    return dict(_VARIABLE.findall(PAGE.read_text()))


def list_blocks() -> list[Block]:
    """Return every block of the page."""
    found = []
    for language, text in _BLOCK.findall(PAGE.read_text()):
        named = _FILE_NAME.match(text)
        found.append(Block(language, named[1] if named else "", text))
    return found


def find_command(beginning: str) -> str:
    """Return the only block that is no file and begins with a text."""
    [text] = [block.text for block in list_blocks() if not block.name and block.text.startswith(beginning)]
    return text


def read_state_machine() -> dict[str, Any]:
    """Return the definition of the page's state machine."""
    [text] = [block.text for block in list_blocks() if block.language == "json"]
    definition: dict[str, Any] = json.loads(text)
    return definition


def write_files(folder: Path, language: str) -> Path:
    """Write the files of a language into a folder, and return the folder."""
    for block in list_blocks():
        if block.name and block.language == language:
            (folder / block.name).write_text(block.text)
    return folder
