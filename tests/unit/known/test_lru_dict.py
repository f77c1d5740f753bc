"""LruDict: which entry it removes."""

from intake.known.lru_dict import LruDict


def test_dictionary_removes_the_entry_that_was_used_the_longest_time_ago_when_it_has_too_many() -> None:
    entries: LruDict[str, int] = LruDict(2)
    entries["a"] = 1
    entries["b"] = 2
    entries["a"] = 3
    entries["c"] = 4
    assert entries == {"a": 3, "c": 4}
    entries.move_to_end("a")
    entries["d"] = 5
    assert entries == {"a": 3, "d": 5}
