"""How the results of a bulk run are read and written in small steps, without S3."""

import io
import itertools
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from intake.s3.bulk_results import _MAX_CONCURRENT_READS, _LineReader, _map_ahead

LINES = [b"", b"a", b"x" * 100_000, "größe".encode(), b""]


@pytest.mark.parametrize("size", [1, 7, 8192, 10_000_000, -1])
def test_lines_are_one_stream_whatever_the_size_of_a_read(size: int) -> None:
    stream = io.BufferedReader(_LineReader(iter(LINES)))
    pieces = list(iter(lambda: stream.read(size), b""))
    assert b"".join(pieces) == b"".join(line + b"\n" for line in LINES)
    assert {len(piece) for piece in pieces[:-1]} <= {size}
    assert not stream.seekable()


def test_lines_are_read_only_as_far_as_the_stream_is() -> None:
    numbers = itertools.count()
    stream = io.BufferedReader(_LineReader(b"x" * 999 for _ in numbers), 1000)
    stream.read(10_000)
    assert next(numbers) <= 12


def test_map_ahead_yields_results_in_order_and_starts_few_calls() -> None:
    started: list[int] = []
    consumed = 0

    def numbers() -> Iterator[int]:
        for number in range(100):
            assert number - consumed < _MAX_CONCURRENT_READS
            yield number

    def double(number: int) -> int:
        started.append(number)
        return 2 * number

    with ThreadPoolExecutor(_MAX_CONCURRENT_READS) as threads:
        for number, result in enumerate(_map_ahead(threads, double, numbers())):
            assert result == 2 * number
            consumed += 1
    assert sorted(started) == list(range(100))


def test_map_ahead_runs_calls_at_the_same_time() -> None:
    together = threading.Barrier(_MAX_CONCURRENT_READS, timeout=10)
    with ThreadPoolExecutor(_MAX_CONCURRENT_READS) as threads:
        assert len(list(_map_ahead(threads, lambda _: together.wait(), range(_MAX_CONCURRENT_READS)))) == 16
