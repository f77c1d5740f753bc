"""Reads the commands and the table of docs/sam-local.md."""

import re
from dataclasses import dataclass

from infra.build.template_file import ROOT

_PART = re.compile(r"^## (.*)\n((?:(?!## ).*\n)*)", re.MULTILINE)
_SHELL = re.compile(r"^```sh\n(.*?)^```", re.DOTALL | re.MULTILINE)
_ROW = re.compile(r"^\| `(\w+)` \| `([\w.-]+)` \|", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Page:
    """The page.

    Attributes:
        blocks: its shell blocks, by heading.
        rows: the functions and events of its table.
    """

    blocks: dict[str, list[str]]
    rows: list[tuple[str, str]]

    def block(self, heading: str) -> str:
        """Return the only block under a heading."""
        (block,) = self.blocks[heading]
        return block


def read() -> Page:
    text = (ROOT / "docs" / "sam-local.md").read_text()
    parts = {heading: _SHELL.findall(body) for heading, body in _PART.findall(text)}
    return Page({heading: blocks for heading, blocks in parts.items() if blocks}, _ROW.findall(text))
