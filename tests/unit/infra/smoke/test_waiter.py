"""The wait for results."""

import pytest
from infra.smoke import waiter
from infra.smoke.check import CheckFailed, Stopped
from infra.smoke.waiter import Waiter


def test_waiter_returns_the_first_result(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiter, "_POLL_SECONDS", 0)
    results = iter([None, None, 0])
    assert Waiter(60).wait_for(lambda: next(results), "a number") == 0


def test_waiter_names_what_did_not_come_within_the_limit() -> None:
    with pytest.raises(CheckFailed, match=r"receipts/a\.json: none within 0 seconds"):
        Waiter(0).wait_for(lambda: None, "receipts/a.json")


def test_waiter_ends_when_the_command_is_stopped() -> None:
    stopped = Waiter(60)
    stopped.stopped.set()
    with pytest.raises(Stopped):
        stopped.wait_for(lambda: None, "a result")
