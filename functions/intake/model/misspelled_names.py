"""KnownNames: recognizes a member or a column whose name differs from a known one only in its spelling."""

from unicodedata import category, normalize

_SEPARATORS = {"Cf", "Pc", "Pd"}
"""Categories of Unicode: characters without width, such as the byte order mark; connectors such as `_`; dashes."""

_LONGEST = 64
"""The limit of characters in a name that is compared. Nobody writes more of them around the letters of a known one."""


class KnownNames:
    """Names of members or columns. Case, spaces, `-` and `_` do not distinguish them.

    Attributes:
        names: the names as they are written.
    """

    def __init__(self, *names: str) -> None:
        self.names = frozenset(names)
        self._by_letters = {_reduce(name): name for name in names}

    def find(self, name: object) -> str | None:
        """Return the known name that this one spells, which may be itself; None if there is none."""
        if not isinstance(name, str) or len(name) > _LONGEST:
            return None
        return self._by_letters.get(_reduce(name))


def _reduce(name: str) -> str:
    if not name.isascii():
        name = "".join(letter for letter in normalize("NFKC", name) if category(letter) not in _SEPARATORS)
    return "".join(name.replace("-", "").replace("_", "").split()).lower()
