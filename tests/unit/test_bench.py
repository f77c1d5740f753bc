"""The benchmark's own reckoning: which figure is compared with which, and what is said of it."""

import xml.etree.ElementTree as ET

import pytest

from bench import targets
from bench.cases import COLD_48, WARM_48, WARM_4800
from bench.plots import Bar, bars


def measured(case: str, **walls: float) -> targets.Results:
    """Three runs of each: the median is what is given, in seconds of wall; its square of CPU."""
    runs = {
        name: [{"wall": wall * factor, "cpu": (wall * factor) ** 2} for factor in (0.5, 1.0, 9.0)]
        for name, wall in walls.items()
    }
    return {"compare": {case: {"is": runs}}}


def found(name: str, results: targets.Results) -> float | None:
    (target,) = (target for target in targets.TARGETS if target.name == name)
    return target.measured(results)


def test_ours_is_held_against_the_best_of_the_five_ways_of_today() -> None:
    results = measured(WARM_48.name, ours=0.1, pool_map=1.0, futures=0.8, in_turn=4.0)

    assert found("48 warm: wall / best of the five ways of today", results) == pytest.approx(0.125)


def test_cpu_is_held_against_cpu() -> None:
    results = measured(WARM_48.name, ours=0.1, aiohttp_obstore=0.2)

    assert found("48 warm: CPU / (aiohttp + obstore)", results) == pytest.approx(0.25)


def test_cold_connections_are_a_case_of_their_own() -> None:
    results = measured(COLD_48.name, ours=0.3, aiohttp_aiobotocore=0.4)

    assert found("48 cold over TLS: wall / (aiohttp + aiobotocore)", results) == pytest.approx(0.75)
    assert found("48 warm: wall / (aiohttp + aiobotocore)", results) is None


def test_many_images_are_held_against_few_by_image() -> None:
    few, many = measured(WARM_48.name, ours=0.48), measured(WARM_4800.name, ours=4.8)

    both = {"compare": {**few["compare"], **many["compare"]}}
    assert found("CPU of an image, 4,800 / 48", both) == pytest.approx(1.0)


def test_memory_counts_beyond_imports_and_budget() -> None:
    results = {"memory": {"1000x2MB": {"is": {"beyond_imports_mib": 260.0, "budget_mib": 240.0}}}}

    assert found("1,000 images of 2 MB: MiB beyond imports and budget", results) == pytest.approx(20.0)


def test_a_start_is_held_against_the_start_of_another_function() -> None:
    starts = {"ours": {"init": [0.3], "cold": [0.4]}, "obvious_rewrite": {"init": [0.5], "cold": [0.8]}}
    results = {"startup": {"starts": {"is": starts}}}

    assert found("cold start to response, 3 images / obvious rewrite, plain sam build", results) == pytest.approx(0.5)


@pytest.mark.parametrize(("ratio", "verdict"), [(0.8, "goal"), (0.81, "must"), (0.95, "must"), (0.96, "**missed**")])
def test_a_figure_is_judged_by_what_is_wanted(ratio: float, verdict: str) -> None:
    target = targets.Target("wall", must=0.95, goal=0.8, measured=lambda _: ratio)

    assert target.verdict({}) == verdict


def test_what_was_not_measured_has_no_verdict() -> None:
    target = targets.Target("wall", must=0.95, goal=0.8, measured=lambda _: None)

    assert target.row({}) == "| wall | 0.95 | 0.8 | not measured |  |"


def test_bars_stand_in_the_order_of_their_medians_and_say_their_figures() -> None:
    drawing = bars("CPU & more", "ms", [Bar("slow", 3673.4, 3600.0, 4000.0), Bar("ours", 2.5, 2.0, 3.0, own=True)])

    texts = [element.text for element in ET.fromstring(drawing).iter("{http://www.w3.org/2000/svg}text")]  # noqa: S314 - our own
    assert texts == ["CPU & more", "ours", "2.5 ms", "slow", "3,673 ms"]
