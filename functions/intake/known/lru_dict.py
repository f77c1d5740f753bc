"""LruDict: a dictionary of bounded size."""

from collections import OrderedDict
from typing import override


class LruDict[Key, Value](OrderedDict[Key, Value]):
    """A dictionary that removes the least recently used entry when it has too many.

    Setting an entry uses it; reading does not, so call `move_to_end` if it should.
    """

    def __init__(self, max_entries: int) -> None:
        """Create an empty dictionary for at most `max_entries`."""
        super().__init__()
        self._max_entries = max_entries

    @override
    def __setitem__(self, key: Key, value: Value) -> None:
        super().__setitem__(key, value)
        self.move_to_end(key)
        if len(self) > self._max_entries:
            self.popitem(last=False)
