"""docs/cost.md shows the prices of tests/bench/cost.py, and that file has the log sizes and counts of the service."""

import re

import pytest
from infra.build.template_file import ROOT

from bench import cost, cost_inputs
from intake.model.error_codes import LEAVES
from support.alarms_and_dashboard import ALARMS, COST, Metric, metrics_of

PRICE = re.compile(r"^\| `([A-Z0-9_]+)` \| \$([\d.]+)(?: per (thousand|million))?", re.MULTILINE)
PER = {"": 1.0, "thousand": 1e3, "million": 1e6}


def test_page_shows_the_prices_of_the_program() -> None:
    shown = {name: float(price) / PER[per] for name, price, per in PRICE.findall(COST)}
    prices = (ROOT / "tests" / "bench" / "cost.py").read_text().split("# Prices", 1)[1].split("# The images")[0]
    expected = {name: getattr(cost, name) for name in re.findall(r"^([A-Z0-9_]+) = ", prices, re.MULTILINE)}
    assert shown == pytest.approx(expected)


def test_log_lines_have_the_size_that_the_cost_is_computed_from() -> None:
    assert cost_inputs.log_bytes() == pytest.approx((cost.IMAGE_LOG_BYTES, cost.FILE_LOG_BYTES), rel=0.02)


def test_cost_counts_every_metric_and_alarm(emitted: dict[Metric, str]) -> None:
    whole = [metric for metric in emitted if metric[2] == {"service"}]
    assert len(whole) + cost.UNREAD_REASONS + len(LEAVES) == cost.METRICS
    assert sum(len(metrics_of(alarm)) for alarm in ALARMS.values()) == cost.ALARM_METRICS
