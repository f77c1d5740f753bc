"""Shared by all suites: one strict S3 server for the whole run, and a new bucket for each test."""

from collections.abc import Iterator

import pytest

from support import s3_server


@pytest.fixture(scope="session")
def s3() -> Iterator[s3_server.S3Server]:
    """SeaweedFS on loopback."""
    with s3_server.running() as server:
        yield server


@pytest.fixture
def bucket(s3: s3_server.S3Server) -> str:
    return s3.new_bucket()
