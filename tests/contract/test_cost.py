"""The page on cost shows what its script prints."""

import re

import pytest
from infra.build.template import ROOT

from bench import cost
from intake.model.errors import LEAVES
from support.monitoring import ALARMS, COST, Metric, metrics_of


def test_the_cost_page_shows_what_the_script_prints() -> None:
    assert cost.tables() in COST


def test_the_cost_page_names_every_price_and_every_measured_input() -> None:
    named = set(re.findall(r"^\| `([A-Z0-9_]+)`", COST, re.MULTILINE))
    source = (ROOT / "tests" / "bench" / "cost.py").read_text()
    wanted = (
        source.split("# Prices", 1)[1].split("# What is stored")[0]
        + source.split("# Measured", 1)[1].split("# The shape")[0]
    )
    assert named == set(re.findall(r"^([A-Z0-9_]+) = ", wanted, re.MULTILINE))


def test_the_log_is_as_long_as_the_cost_page_says() -> None:
    assert cost.log_bytes() == pytest.approx((cost.IMAGE_LOG_BYTES, cost.FILE_LOG_BYTES), rel=0.02)


def test_the_cost_page_counts_the_metrics_and_alarms_that_there_are(emitted: dict[Metric, str]) -> None:
    whole = [metric for metric in emitted if "code" not in metric[2]]
    assert len(whole) + len(LEAVES) == cost.METRICS
    assert sum(len(metrics_of(alarm)) for alarm in ALARMS.values()) == cost.ALARM_METRICS
