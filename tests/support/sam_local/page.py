"""docs/sam-local.md, read for what it tells to type."""

import re
from dataclasses import dataclass

from infra.template import ROOT

_PART = re.compile(r"^## (.*)\n((?:(?!## ).*\n)*)", re.MULTILINE)
_SHELL = re.compile(r"^```sh\n(.*?)^```", re.DOTALL | re.MULTILINE)
_ROW = re.compile(r"^\| `(\w+)` \| `([\w.-]+)` \|", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Page:
    """The page.

    Attributes:
        blocks: what there is to type, by the heading it stands under.
        rows: functions and events, as the table has them.
    """

    blocks: dict[str, list[str]]
    rows: list[tuple[str, str]]

    def block(self, heading: str) -> str:
        """The only block under a heading."""
        (block,) = self.blocks[heading]
        return block


def read() -> Page:
    text = (ROOT / "docs" / "sam-local.md").read_text()
    parts = {heading: _SHELL.findall(body) for heading, body in _PART.findall(text)}
    return Page({heading: blocks for heading, blocks in parts.items() if blocks}, _ROW.findall(text))
