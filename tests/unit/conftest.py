"""What tests of single modules share."""

import gc
from collections.abc import Iterator

import pytest


@pytest.fixture
def no_collector() -> Iterator[None]:
    """Keep Python's collector away: what is free then is so without it."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()
