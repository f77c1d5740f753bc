"""What the table of a run says, in one pass."""

import pickle
from collections.abc import Iterator

import pytest
from infra.look import run_statistics
from infra.look.run_statistics import MAX_FAULTS, RunStatistics
from infra.look.table_parts import TableFault

from support.run_table import failed_row, refused_row, stored_row

OTHER_KEY = "images/aa/" + "aa" * 32 + ".png"


def test_statistics_count_images_by_what_a_reader_asks_for() -> None:
    rows = [
        stored_row(1),
        stored_row(2, reused=True, source="unchanged", elapsedMs=20),
        stored_row(3, key=OTHER_KEY, contentType="image/png", bytes=500, warnings=["trailing_data"], width=1600),
        failed_row(4),
        failed_row(5, code="timeout", url="https://slow.example/a.jpg"),
        refused_row(6),
        failed_row(7) | {"status": "broken", "code": None, "url": "https://images.example/never.jpg"},
    ]

    found = RunStatistics.of(rows)

    assert (found.rows, found.images) == (7, {"stored": 2, "reused": 1, "failed": 2})
    assert found.status == {"stored": 3, "failed": 2, "refused": 1, "broken": 1}
    assert found.codes.counts == {"not_found": 1, "timeout": 1}
    assert found.examples == {"not_found": "https://images.example/gone.jpg", "timeout": "https://slow.example/a.jpg"}
    assert (found.bytes, found.downloaded_bytes) == (2500, 1500)
    assert (found.types.counts, found.type_bytes.counts) == (
        {"image/jpeg": 2, "image/png": 1},
        {"image/jpeg": 2000, "image/png": 500},
    )
    assert (found.sources.counts, found.warnings.counts) == ({"fetched": 2, "unchanged": 1}, {"trailing_data": 1})
    assert found.pixels.counts == {"800 x 600": 2, "1600 x 600": 1}
    assert (found.distinct.total, found.keys.largest(1)[0][1]) == (2, 2)
    assert {origin.name: origin.images for origin in found.origins.by_images(9)} == {
        "images.example": 4,  # the batch that broke says nothing about its origins
        "slow.example": 1,
    }
    assert [failure.row for failure in found.failures.in_order()] == [4, 5, 6, 7]


def test_statistics_count_lines_that_are_no_row_and_go_on() -> None:
    lines: list[object] = [
        None,
        "stored",
        [],
        {},
        {"status": "lost"},
        TableFault("p", "a line is not JSON", is_line=True),
        stored_row(),
    ]

    found = RunStatistics.of(lines)

    assert (found.rows, found.unreadable, found.damaged_parts) == (1, 6, 0)


def test_statistics_name_the_first_damaged_parts_and_count_all() -> None:
    found = RunStatistics.of([TableFault(f"part {number}", "it ends early") for number in range(9)])

    assert [fault.part for fault in found.faults] == [f"part {number}" for number in range(MAX_FAULTS)]
    assert (found.damaged_parts, found.unreadable) == (9, 0)


def rows_of_all_kinds(number: int) -> Iterator[dict[str, object]]:
    """Rows of which everything differs: origin, key, code, type, warning, size, note."""
    for row in range(number):
        name = f"{row:064x}"
        yield stored_row(
            row,
            url=f"https://host-{row}.example/{row}.jpg",
            key=f"images/00/{name}.jpg",
            contentType=f"image/{row}",
            warnings=[f"warning_{row}"],
            source=f"source_{row}",
            width=row + 1,
            bytes=row,
        )
        yield failed_row(row, code=f"code_{row}", url=f"https://down-{row}.example/", note={"text": "x" * 2000})


def test_statistics_do_not_grow_with_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MAX_ORIGINS", "_MAX_NAMES", "_MAX_SIZES", "_MAX_KEYS", "_MAX_SAMPLE"):
        monkeypatch.setattr(run_statistics, name, 30)
    short, long = (RunStatistics.of(rows_of_all_kinds(number)) for number in (1_000, 5_000))

    assert long.rows == 10_000
    assert len(pickle.dumps(long)) < 1.2 * len(pickle.dumps(short))
