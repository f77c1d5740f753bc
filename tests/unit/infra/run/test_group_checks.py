"""The check of a list's groups in several processes, which may be killed, and may not start."""

import multiprocessing
import os
import signal
from collections.abc import Iterator

import pytest
from infra.run.group_checks import check_groups
from infra.run.spooled_list import Group, Groups

GROUPS = Groups()
for _ in range(10):
    GROUPS.append(1, 1)


@pytest.fixture(autouse=True)
def no_process_is_left() -> Iterator[None]:
    yield
    assert multiprocessing.active_children() == []


@pytest.mark.parametrize("processes", [1, 2, 3, 10, 64])
def test_result_of_each_group_has_its_number(processes: int) -> None:
    assert list(check_groups(lambda group: group.number % 3 == 1, GROUPS, processes)) == [0, 1, 0, 0, 1, 0, 0, 1, 0, 0]


def test_list_without_groups_needs_no_process() -> None:
    assert check_groups(lambda _: True, Groups(), 4) == b""


@pytest.mark.parametrize(("processes", "expected"), [(1, [1] * 10), (2, [1, 0] * 5), (4, [1, 0, 0, 0] * 2 + [1, 0])])
def test_processes_share_the_groups(processes: int, expected: list[int]) -> None:
    command = os.getpid()
    assert list(check_groups(lambda _: os.getpid() == command, GROUPS, processes)) == expected


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_groups_of_a_killed_process_are_checked_here(number: signal.Signals) -> None:
    command = os.getpid()

    def check(group: Group) -> bool:
        if os.getpid() != command and group.number == 5:
            os.kill(os.getpid(), number)
        return group.number > 2

    assert list(check_groups(check, GROUPS, 2)) == [0] * 3 + [1] * 7


def test_groups_are_checked_here_when_no_process_can_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    def fork() -> int:
        raise BlockingIOError

    monkeypatch.setattr(os, "fork", fork)
    assert list(check_groups(lambda _: True, GROUPS, 4)) == [1] * 10


def test_other_processes_end_when_the_check_is_interrupted_here() -> None:
    command = os.getpid()

    def check(_: Group) -> bool:
        if os.getpid() == command:
            raise KeyboardInterrupt
        signal.pause()
        return True

    with pytest.raises(KeyboardInterrupt):
        check_groups(check, GROUPS, 3)
