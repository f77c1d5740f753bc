"""What an environment knows about one origin: values and times, without waiting."""

import pytest

from intake.download.cool_down import FRESH_SECONDS, MAX_SECONDS, CoolDown

NOW = 1_800_000_000.0


def make(**known: float) -> CoolDown:
    return CoolDown("origins/0.json", **known)  # type: ignore[arg-type]  # the times


@pytest.mark.parametrize(
    ("expected", "seconds"),
    [
        (30.0, 30.0),
        (0.25, 0.25),
        (MAX_SECONDS, MAX_SECONDS),
        (MAX_SECONDS, MAX_SECONDS + 1),
        (MAX_SECONDS, float("inf")),
        (-NOW, 0.0),
    ],
)
def test_cool_down_lasts_as_long_as_the_origin_asks_but_not_for_more_than_15_minutes(
    expected: float, seconds: float
) -> None:
    cool_down = make()

    cool_down.extend(seconds, NOW)

    assert cool_down.seconds_left(NOW) == expected


@pytest.mark.parametrize("shorter", [0.0, 1.0, 29.9])
def test_cool_down_is_never_shortened(shorter: float) -> None:
    cool_down = make()
    cool_down.extend(30.0, NOW)

    cool_down.extend(shorter, NOW)
    cool_down.adopt(NOW + shorter, "v", NOW)

    assert cool_down.seconds_left(NOW) == 30.0


@pytest.mark.parametrize("ahead", [MAX_SECONDS + 1, 86_400.0, 1e10])
def test_document_that_is_too_far_ahead_counts_for_15_minutes(ahead: float) -> None:
    cool_down = make()

    cool_down.adopt(NOW + ahead, "v", NOW)

    assert cool_down.seconds_left(NOW) == MAX_SECONDS
    assert cool_down.seconds_left(NOW + 60) == MAX_SECONDS - 60


def test_document_that_is_too_far_ahead_is_replaced_by_a_later_pause() -> None:
    cool_down = make()
    cool_down.adopt(NOW + 1e9, "v", NOW)

    cool_down.extend(MAX_SECONDS, NOW + 200)

    assert cool_down.is_unshared(NOW + 200)


def test_cool_down_lasts_no_longer_than_15_minutes_when_the_clock_is_set_back() -> None:
    cool_down = make()
    cool_down.extend(30.0, NOW)

    assert cool_down.seconds_left(NOW - 86_400) == MAX_SECONDS
    assert cool_down.seconds_left(NOW - 86_400 + MAX_SECONDS) == 0


@pytest.mark.parametrize(
    ("expected", "at"),
    [
        (True, NOW),
        (True, NOW + FRESH_SECONDS - 0.001),
        (False, NOW + FRESH_SECONDS),
        (False, NOW + 86_400),
        (False, NOW - 0.001),  # the clock was set back
        (False, NOW - 86_400),
    ],
)
def test_read_without_a_cool_down_clears_the_origin_for_five_seconds(expected: bool, at: float) -> None:  # noqa: FBT001 - a value of the table
    cool_down = make(read_at=NOW)

    cool_down.end_read(NOW + 0.02)

    assert cool_down.is_clear(at) is expected


def test_origin_is_not_clear_when_its_cool_down_begins_before_a_read_ends() -> None:
    cool_down = make(read_at=NOW)
    cool_down.extend(30.0, NOW)

    cool_down.end_read(NOW + 0.02)

    assert not cool_down.is_clear(NOW + 0.02)


@pytest.mark.parametrize(
    ("expected", "not_before", "shared"),
    [
        (False, 0, 0),
        (False, -1, 0),  # it is over
        (True, 1, 0),
        (True, 1, -3),  # a new one, short after the last one
        (False, 30, 30),
        (False, 33.9, 30),
        (True, 34.9, 30),
        (False, 2.1, 1),
        (True, 3, 1),
        (False, 900, 810),
        (False, 30, 900),
    ],
)
def test_only_what_matters_to_others_is_written(expected: bool, not_before: float, shared: float) -> None:  # noqa: FBT001 - a value of the table
    assert make(not_before=NOW + not_before, document_time=NOW + shared).is_unshared(NOW) is expected
