"""The targets of the benchmark compare the right figures, and say which limit they meet."""

import pytest

from bench import speed_goals
from bench.cases import COLD_48, LARGE_48, WARM_48, WARM_4800
from bench.known_figures import LATER_FILES, SAME_FILE


def measured(case: str, **walls: float) -> speed_goals.Results:
    """Return three runs of each program: the median is the given wall time, and its square the CPU time."""
    runs = {
        name: [{"wall": wall * factor, "cpu": (wall * factor) ** 2} for factor in (0.5, 1.0, 9.0)]
        for name, wall in walls.items()
    }
    return {"compare": {case: {"is": runs}}}


WARM = measured(WARM_48.name, ours=0.1, pool_map=1.0, thread_pool=0.8, one_after_another=4.0, aiohttp_obstore=0.2)
COLD = measured(COLD_48.name, ours=0.3, aiohttp_aiobotocore=0.4)
MANY = {"compare": {**WARM["compare"], **measured(WARM_4800.name, ours=20.0)["compare"]}}
MEMORY = {"memory": {"1000x2MB": {"is": {"beyond_imports_mib": 260.0, "budget_mib": 240.0}}}}
STARTS = {"ours": {"init": [0.3], "cold": [0.4]}, "httpx_gather": {"init": [0.5], "cold": [0.8]}}
START = {"startup": {"starts": {"is": STARTS}}}
LARGE = measured(LARGE_48.name, ours=0.3, aiohttp_aiobotocore=0.4)


def ingested(wall: float, **counts: int) -> dict[str, object]:
    """Return the cost of one File; its CPU time is half of its wall time."""
    return {
        "wall": wall,
        "cpu": wall / 2,
        "counts": {name.replace("_", " "): number for name, number in counts.items()},
    }


AGAIN = {
    "first": [ingested(0.1, origin_plain_GET=48, origin_bytes_sent=7_000_000, s3_PUT_images=48, s3_PUT_known=1)],
    "again": [ingested(wall, origin_bytes_sent=7_000, s3_PUT_receipts=1) for wall in (0.05, 0.06, 0.2)],
    "elsewhere": [
        ingested(0.1, origin_plain_GET=1, origin_conditional_GET=47, s3_PUT_receipts=1, s3_PUT_images=plain)
        for plain in (0, 1)
    ],
    "fresh": [ingested(0.024, s3_PUT_receipts=1)],
}
PAIRS = [{"on": [ingested(on)], "off": [ingested(0.1)]} for on in (0.1, 0.102, 0.2)]
KNOWN = {"known": {SAME_FILE: {"is": AGAIN}, LATER_FILES: {"is": PAIRS}}}


def listed(wall: float, cpu: float, damaged: int = 0) -> list[dict[str, float]]:
    """Return three runs of a program with a list."""
    return [{"wall": wall * factor, "cpu": cpu * factor, "damaged": damaged} for factor in (0.5, 1.0, 9.0)]


LISTS = {
    "lists": {
        "10000x20KB": {"is": {"ours": listed(3.0, 4.0), "img2dataset": listed(12.0, 10.0, damaged=50)}},
        "10000x150KB": {"is": {"ours": listed(4.0, 6.0, damaged=1), "img2dataset": listed(20.0, 12.0)}},
    }
}
CLEAN_LISTS = {"lists": {"10000x20KB": LISTS["lists"]["10000x20KB"]}}


@pytest.mark.parametrize(
    ("expected", "name", "results"),
    [
        (0.125, "48 warm: wall / best of the five ways of today", WARM),
        (0.25, "48 warm: CPU / (aiohttp + obstore)", WARM),
        (0.75, "48 cold over TLS: wall / (aiohttp + aiobotocore)", COLD),
        (400.0, "CPU of an image, 4,800 / 48", MANY),
        (20.0, "1,000 images of 2 MB: MiB beyond imports and budget", MEMORY),
        (0.5, "cold start to response, 3 images / AsyncClient and gather, plain sam build", START),
        (0.75, "48 of 2 MB: wall / (aiohttp + aiobotocore)", LARGE),
        (1.0, "48 again: PUTs", KNOWN),
        (0.1, "48 again: bytes from the origin, % of the first time", KNOWN),
        (0.6, "48 again: wall / the first time", KNOWN),
        (0.6, "48 again: CPU / the first time", KNOWN),
        (2.0, "48 again, another environment: PUTs", KNOWN),
        (1.0, "48 again, another environment: GETs without a condition", KNOWN),
        (1.2, "48 again, REFRESH=fresh: wall / one PUT of 20 ms", KNOWN),
        (2.0, "48 of which nothing is known: wall added by KNOWN_IMAGES=on, %", KNOWN),
        (2.0, "48 of which nothing is known: CPU added by KNOWN_IMAGES=on, %", KNOWN),
        (0.25, "list of 20 KB: wall / img2dataset", LISTS),
        (0.4, "list of 20 KB: CPU / img2dataset", LISTS),
        (0.2, "list of 150 KB: wall / img2dataset", LISTS),
        (0.5, "list of 150 KB: CPU / img2dataset", LISTS),
        (3.0, "lists: damaged images that were kept", LISTS),
        (0.0, "lists: damaged images that were kept", CLEAN_LISTS),
        (None, "list of 150 KB: wall / img2dataset", CLEAN_LISTS),
        (None, "lists: damaged images that were kept", WARM),
        (None, "48 again: PUTs", WARM),
        (None, "48 of which nothing is known: CPU added by KNOWN_IMAGES=on, %", WARM),
        (None, "48 warm: wall / (aiohttp + aiobotocore)", COLD),
    ],
)
def test_target_divides_our_median_by_the_other_one(
    expected: float | None, name: str, results: speed_goals.Results
) -> None:
    (target,) = (target for target in speed_goals.TARGETS if target.name == name)

    assert target.measured(results) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("ratio", "verdict"), [(0.8, "goal"), (0.81, "must"), (0.95, "must"), (0.96, "**missed**"), (None, "")]
)
def test_target_names_the_limit_that_the_figure_meets(ratio: float | None, verdict: str) -> None:
    target = speed_goals.Target("wall", must=0.95, goal=0.8, measured=lambda _: ratio)

    assert target.verdict({}) == verdict
