"""The steps of an invocation end one after the other, all before the cutoff."""

import asyncio

import pytest

from intake.ingest.deadline import Deadline


def test_steps_end_in_the_order_images_receipt_response_cutoff() -> None:
    deadline = Deadline(cutoff=100.0, margin=1.0)

    assert (deadline.images, deadline.receipt, deadline.response) == pytest.approx((99.0, 99.7, 99.85))


async def test_deadline_after_seconds_counts_from_now() -> None:
    deadline = Deadline.after(10.0, margin=1.0)

    assert deadline.cutoff - asyncio.get_running_loop().time() == pytest.approx(10.0, abs=0.5)
    assert deadline.seconds_for_images() == pytest.approx(9.0, abs=0.5)


@pytest.mark.parametrize(("seconds", "can_start"), [(1.9, False), (2.5, True)])
async def test_file_can_start_while_two_margins_are_left(seconds: float, can_start: bool) -> None:  # noqa: FBT001
    assert Deadline.after(seconds, margin=1.0).can_start_file() == can_start


def test_work_that_is_followed_by_more_ends_one_margin_earlier() -> None:
    assert Deadline(cutoff=100.0, margin=2.0).one_margin_earlier() == Deadline(cutoff=98.0, margin=2.0)
