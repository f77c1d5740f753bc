"""KnownNames: recognizes a member or a column whose name differs from a known one only in its spelling."""

_SEPARATORS = str.maketrans("", "", "-_\ufeff\u200b")  # with the byte order mark and the space without width


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
        return self._by_letters.get(_reduce(name)) if isinstance(name, str) else None


def _reduce(name: str) -> str:
    return "".join(name.translate(_SEPARATORS).split()).lower()
