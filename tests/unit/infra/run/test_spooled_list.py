"""Groups of a list: each line is in one group, groups are bounded, and an edit of the list changes few of them."""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from infra.command.errors import CommandError
from infra.run.folder_errors import folder_errors_named
from infra.run.spooled_list import MAX_GROUP_BYTES, MAX_GROUP_LINES, Group, SpooledList

from support.process_memory import traced_peak

URLS = [b'{"urls":["https://a.example/%d.jpg"]}\n' % number for number in range(5000)]
LONG = b"x" * (MAX_GROUP_BYTES // 3) + b"\n"
LONGEST = b"x" * (MAX_GROUP_BYTES + 7) + b"\n"


type Spool = Callable[[Iterable[bytes]], SpooledList]


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    """Spool lines, until the test ends."""
    with ExitStack() as on_exit:

        def make(lines: Iterable[bytes]) -> SpooledList:
            spooled = on_exit.enter_context(closing(SpooledList(tmp_path)))
            for line in lines:
                spooled.write(line)
            spooled.finish()
            return spooled

        yield make


def contents(spooled: SpooledList) -> Iterator[bytes]:
    for group in spooled.groups:
        yield os.pread(spooled.fileno(), group.size, group.offset)


@pytest.mark.parametrize(
    "lines",
    [
        [],
        URLS[:1],
        URLS[:MAX_GROUP_LINES],
        URLS,
        URLS[:1] * 1000,
        [LONG] * 7,
        [LONGEST],
        [URLS[0], LONGEST, URLS[1], LONG, LONGEST, LONGEST],
        [b"\n"] * 300,
    ],
    ids=["none", "one", "101", "5000", "one URL 1000 times", "long", "longest", "mixed", "empty"],
)
def test_groups_have_each_line_once_within_their_bounds(spool: Spool, lines: list[bytes]) -> None:
    spooled = spool(lines)
    groups = list(spooled.groups)

    assert b"".join(contents(spooled)) == b"".join(lines)
    assert [group.rows for group in groups] == [text.count(b"\n") for text in contents(spooled)]
    assert all(0 < group.rows <= MAX_GROUP_LINES for group in groups)
    assert all(group.size <= MAX_GROUP_BYTES or group.rows == 1 for group in groups)
    assert [group.number for group in groups] == list(range(len(spooled.groups)))
    assert [group.first_row for group in groups] == [1 + sum(g.rows for g in groups[: g0.number]) for g0 in groups]
    assert spooled.groups.rows == len(lines)


def test_names_of_groups_have_the_order_of_the_list() -> None:
    names = [Group(number, 0, 1, 1, 1).name for number in (0, 9, 10, 143_000, 99_999_999)]
    assert names == sorted(names)


@pytest.mark.parametrize(
    "edit",
    [
        lambda lines: [b"new\n", *lines],
        lambda lines: lines[1:],
        lambda lines: [*lines[:2500], b"new\n", *lines[2500:]],
        lambda lines: lines[:2500] + lines[2501:],
        lambda lines: [*lines, b"new\n"],
        lambda lines: [*lines[:77], b"changed\n", *lines[78:]],
    ],
    ids=["first added", "first removed", "middle added", "middle removed", "last added", "one changed"],
)
def test_one_edited_line_changes_few_groups(spool: Spool, edit: Callable[[list[bytes]], list[bytes]]) -> None:
    before, after = set(contents(spool(URLS))), list(contents(spool(edit(URLS))))
    assert len(after) > 60
    assert sum(text not in before for text in after) <= 8


def test_digest_is_that_of_all_lines_in_their_order(spool: Spool) -> None:
    first, second, other = (spool(lines).digest for lines in (URLS[:300], URLS[:300], [URLS[1], URLS[0], *URLS[2:300]]))
    assert first == second != other


def test_list_leaves_no_file_when_it_is_closed(spool: Spool, tmp_path: Path) -> None:
    spool(URLS).close()
    assert list(tmp_path.iterdir()) == []


def test_list_of_any_length_takes_less_than_forty_bytes_a_group(spool: Spool) -> None:
    """Ten million lines have about 145,000 groups."""
    spool(URLS)  # allocates what is needed once
    before = traced_peak(lambda: spool(URLS[:1000]))
    spooled = []
    after = traced_peak(lambda: spooled.append(spool(b"%d\n" % number for number in range(20_000))))
    assert len(spooled[0].groups) > 200
    assert after - before < 40 * len(spooled[0].groups)


def test_list_names_the_folder_when_it_cannot_be_written(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"")
    with pytest.raises(CommandError, match="file is not a folder: name one in OUT"):
        SpooledList(file)
    with pytest.raises(CommandError, match=r"none cannot be written: No such file or directory\."):
        SpooledList(tmp_path / "none")
    with (
        pytest.raises(CommandError, match=rf"{tmp_path} cannot be written: {file}: File exists\."),
        folder_errors_named(tmp_path),
    ):
        file.mkdir()


def test_list_names_the_folder_when_the_disk_is_full(tmp_path: Path) -> None:
    spooled = SpooledList(tmp_path)
    spooled._file.close()
    with Path("/dev/full").open("wb", buffering=0) as full:
        spooled._file = full  # type: ignore[assignment]
        with pytest.raises(CommandError, match=r"cannot be written: No space left on device\."):
            spooled.write(URLS[0])
