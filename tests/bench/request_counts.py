"""The requests that the servers of the benchmark counted, by name.

Names: `origin plain GET`, `origin conditional GET`, `origin bytes sent`, `s3 bytes put`, and for each method and first
part of a key `s3 PUT images`, `s3 HEAD images`, `s3 GET known`, `s3 PUT receipts`, …
"""

from collections.abc import Mapping

type Counts = dict[str, int]


def parse(text: str) -> Counts:
    """Read lines of a number and its name."""
    lines = [line.partition(" ") for line in text.splitlines()]
    return {name: int(number) for number, _, name in lines}


def total(counts: Mapping[str, int], *names: str) -> int:
    """Add up the counts whose names begin with one of these names."""
    return sum(number for name, number in counts.items() if name.startswith(names))
