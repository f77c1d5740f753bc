"""EnvironmentMemory: what it remembers, in which bounds, and how clocks count."""

import tracemalloc
from hashlib import sha256

import pytest

from intake.known.environment_memory import MAX_ENTRIES, EnvironmentMemory
from intake.known.known_image import KnownImage
from intake.known.validators import Validators
from intake.model.image_info import ImageInfo, ImageWarning

IMAGE = ImageInfo("jpeg", 1000, 750, 1, "image/jpeg", "jpg")
MIB = 1024 * 1024


def key(number: int) -> bytes:
    return number.to_bytes(32)


def known(number: int) -> KnownImage:
    return KnownImage(key(number), f"{number:064x}", 1000, IMAGE, Validators(f'"{number}"'))


def test_memory_finds_what_it_remembers_until_it_is_dropped() -> None:
    memory = EnvironmentMemory()
    assert memory.find(key(1)) is None
    memory.remember(key(1), known(1))
    memory.remember(key(2), known(2))
    memory.remember(key(1), known(3))
    assert known(3) == memory.find(key(1))
    memory.drop(key(1))
    memory.drop(key(9))
    assert memory.find(key(1)) is None
    assert known(2) == memory.find(key(2))


def test_memory_drops_the_url_that_was_not_used_for_the_longest_time() -> None:
    memory = EnvironmentMemory()
    for number in range(MAX_ENTRIES):
        memory.remember(key(number), known(number))
    memory.find(key(0))
    memory.remember(key(1), known(1))
    memory.remember(key(MAX_ENTRIES), known(MAX_ENTRIES))
    assert memory.find(key(2)) is None
    assert all(memory.find(key(number)) == known(number) for number in (0, 1, 3, MAX_ENTRIES))


@pytest.mark.parametrize(
    ("expected", "seconds"), [(True, 0), (True, 300), (False, 301), (False, 86_400), (False, -1), (False, -86_400)]
)
def test_object_is_seen_for_five_minutes_of_the_wall_clock(expected: bool, seconds: float) -> None:  # noqa: FBT001 - the expected value
    """A clock that went back may hide that more time went by."""
    clock = [1000.0]
    memory = EnvironmentMemory(lambda: clock[0])
    memory.mark_seen("images/1")
    clock[0] += seconds
    assert expected is memory.has_seen("images/1")
    memory.mark_seen("images/1")
    assert memory.has_seen("images/1")


def test_object_is_not_seen_when_it_was_never_marked_or_is_missing() -> None:
    memory = EnvironmentMemory()
    memory.mark_seen("images/1")
    memory.mark_seen("images/2")
    memory.mark_missing("images/1")
    memory.mark_missing("images/3")
    assert [memory.has_seen(f"images/{number}") for number in (1, 2, 3)] == [False, True, False]


def test_memory_takes_less_than_8_mib_whatever_origins_send() -> None:
    """Every value is as large as a response or a document permits, and no two entries share one."""
    tracemalloc.start()
    try:
        memory = EnvironmentMemory()
        for number in range(MAX_ENTRIES + 1000):
            digest = sha256(key(number))
            large = 2**40 - number
            memory.remember(
                digest.digest(),
                KnownImage(
                    key(number),
                    digest.hexdigest(),
                    large - 1,
                    ImageInfo("jpeg", large - 2, large - 3, large - 4, "image/jpeg", "jpg", (*ImageWarning,)),
                    Validators(f'"{number:0254}"', f"Sat, 05 Nov {number + 1000} 08:00:00 GMT"),
                    float(large),
                ),
            )
            memory.mark_seen(f"images/{digest.hexdigest()[:2]}/{digest.hexdigest()}.tiff")
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert 1 * MIB < taken < 8 * MIB
