"""What suites share: one strict S3 server for a whole run, and a bucket of its own for each test."""

from collections.abc import Iterator

import pytest

import seaweed


@pytest.fixture(scope="session")
def s3() -> Iterator[seaweed.S3Server]:
    """SeaweedFS on loopback."""
    with seaweed.running() as server:
        yield server


@pytest.fixture
def bucket(s3: seaweed.S3Server) -> str:
    return s3.new_bucket()
