"""Parses a page into elements, and fails for markup that is not balanced: escaping that fails breaks the tree."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

_VOID = {"meta", "img", "input", "br", "link"}


@dataclass
class Element:
    """An element of a page.

    Attributes:
        tag: its name, in lower case.
        attributes: decoded values, by name.
        children: elements and texts, in order.
    """

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list["Element | str"] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All text below the element, with single spaces."""
        return " ".join(self.raw_text.split())

    @property
    def raw_text(self) -> str:
        return "".join(child if isinstance(child, str) else child.raw_text for child in self.children)

    @property
    def classes(self) -> set[str]:
        return set(self.attributes.get("class", "").split())

    def elements(self) -> Iterator["Element"]:
        """Yield every element below this one, in document order."""
        for child in self.children:
            if isinstance(child, Element):
                yield child
                yield from child.elements()

    def find_all(self, tag: str = "", css_class: str = "") -> list["Element"]:
        """Return the elements with a tag and a class; "" is any."""
        return [
            element
            for element in self.elements()
            if element.tag == (tag or element.tag) and (not css_class or css_class in element.classes)
        ]

    def find(self, tag: str = "", css_class: str = "") -> "Element":
        """Return the only element with a tag and a class."""
        [found] = self.find_all(tag, css_class)
        return found

    def by_id(self, name: str) -> "Element":
        [found] = [element for element in self.elements() if element.attributes.get("id") == name]
        return found


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open = [Element("")]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs), f"<{tag}> has an attribute twice: {attrs}"
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(element)
        if tag not in _VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop().tag == tag, f"</{tag}> at {self.getpos()} closes another element"

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


def parse_html(text: str) -> Element:
    """Return the root of a page."""
    builder = _Builder()
    builder.feed(text)
    builder.close()
    assert len(builder.open) == 1, f"<{builder.open[-1].tag}> is not closed"
    return builder.open[0]
