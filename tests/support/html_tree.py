"""Parses a page strictly, so that a test sees what a browser sees: elements, their attributes and their text."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"br", "img", "input", "link", "meta"}
"""Elements without an end tag (WHATWG HTML, 13.1.2)."""


@dataclass
class Element:
    """An element with its attributes, and its children: elements and texts."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list["Element | str"] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All text below it, with one space for any white space."""
        parts = [child if isinstance(child, str) else child.text for child in self.children]
        return " ".join(" ".join(parts).split())

    def all(self, tag: str = "", class_name: str = "") -> list["Element"]:
        """Every element below it with this tag and this class, in the order of the page."""
        return [
            element
            for element in self._walk()
            if tag in {"", element.tag} and class_name in {"", *element.attributes.get("class", "").split()}
        ]

    def one(self, tag: str = "", class_name: str = "") -> "Element":
        (found,) = self.all(tag, class_name)
        return found

    def _walk(self) -> Iterator["Element"]:
        for child in self.children:
            if isinstance(child, Element):
                yield child
                yield from child._walk()


def parse_page(text: str) -> Element:
    """Parse a page; an end tag that is missing or too many, and an id that occurs twice, fail the test."""
    parser = _Parser()
    parser.feed(text)
    parser.close()
    assert [element.tag for element in parser.open] == ["#document"]
    ids = [element.attributes["id"] for element in parser.open[0].all() if "id" in element.attributes]
    assert sorted(set(ids)) == sorted(ids)
    return parser.open[0]


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open = [Element("#document")]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(set(names)) == len(names), f"<{tag}> has an attribute twice"
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)
