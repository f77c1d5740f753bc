"""A short round of `make fuzz`, and planted bugs that it has to find."""

from collections.abc import Callable

import pytest

from fuzz import parse_invariants
from fuzz.__main__ import run_round
from fuzz.image_parts import join, split
from intake.image.verify import verify
from intake.model.error_codes import NotFound
from intake.model.image_info import ImageInfo
from intake.model.limits import Limits
from support.sample_images import ANY_TYPE, SAMPLES

INPUTS = 20_000


def test_parsers_keep_their_invariants_for_mutated_images() -> None:
    """A million images have about 100 outcomes. More than 50 here show that mutations pass the first checks."""
    findings = run_round(INPUTS, "every change")

    assert findings.failures == {}
    assert sum(findings.outcomes.values()) == INPUTS
    assert len(findings.outcomes) > 50
    assert {outcome.partition(",")[0] for outcome in findings.outcomes if outcome.startswith("image: ")} == {
        f"image: {sample.type}" for sample in SAMPLES.values()
    }


def test_fuzzer_makes_the_same_images_from_the_same_seed() -> None:
    assert run_round(500, "a seed").outcomes == run_round(500, "a seed").outcomes != run_round(500, "another").outcomes


@pytest.mark.parametrize("name", SAMPLES)
def test_joined_parts_are_the_image_that_was_split(name: str) -> None:
    """Otherwise the fuzzer would mutate images that are broken already."""
    data = SAMPLES[name].data
    parts = split(data)
    if parts is not None:
        assert verify(data, ANY_TYPE) == verify(join(data, parts), ANY_TYPE)
        assert len(parts) > (0 if data.startswith(b"RIFF") else 1)


def raises_a_foreign_error(body: bytes, limits: Limits) -> ImageInfo:
    if body[:2] == b"GI" and len(body) % 50 == 0:
        raise IndexError
    return verify(body, limits)


def raises_an_error_of_downloads(body: bytes, limits: Limits) -> ImageInfo:
    if len(body) % 50 == 0:
        raise NotFound
    return verify(body, limits)


def accepts_truncated_images(body: bytes, limits: Limits) -> ImageInfo:
    return ImageInfo("jpeg", len(body), 1, 1, "image/jpeg", "jpg") if body[:2] == b"\xff\xd8" else verify(body, limits)


def accepts_a_prefix_and_rejects_a_longer_one(body: bytes, limits: Limits) -> ImageInfo:
    return (
        ImageInfo("jpeg", 1, 1, 1, "image/jpeg", "jpeg")
        if body[:2] == b"\xff\xd8" and len(body) % 3 == 0
        else verify(body, limits)
    )


def ignores_the_pixel_limit(body: bytes, _: Limits) -> ImageInfo:
    return verify(body, Limits(max_image_pixels=10**12))


@pytest.mark.parametrize(
    ("reason", "parser"),
    [
        ("unexpected IndexError", raises_a_foreign_error),
        ("unexpected NotFound", raises_an_error_of_downloads),
        ("bytes are ImageInfo", accepts_truncated_images),
        ("bytes are whole, its first", accepts_a_prefix_and_rejects_a_longer_one),
        ("is over the limits", ignores_the_pixel_limit),
    ],
)
def test_fuzzer_finds_a_parser_that_breaks_an_invariant(
    monkeypatch: pytest.MonkeyPatch, reason: str, parser: Callable[[bytes, Limits], ImageInfo]
) -> None:
    monkeypatch.setattr(parse_invariants, "verify", parser)
    # Few mutations exceed the default limit.
    monkeypatch.setattr(parse_invariants, "LIMITS", Limits(max_image_pixels=100))

    assert any(reason in failure for failure in run_round(8000, "planted").failures.values())


def test_fuzzer_finds_a_parser_that_takes_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parse_invariants, "MAX_SECONDS", 0.0)

    failures = run_round(5, "slow").failures

    assert failures
    assert all(failure.startswith("it took ") for failure in failures.values())
