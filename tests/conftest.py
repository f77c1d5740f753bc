"""Shared by all suites: one strict S3 server for the whole run, and a new bucket for each test."""

import sys
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from support import s3_server

# Other programs share the machine: a slow example is no fault.
settings.register_profile("shared machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared machine")


@pytest.fixture(scope="session")
def s3() -> Iterator[s3_server.S3Server]:
    """SeaweedFS on loopback."""
    with s3_server.running() as server:
        yield server


@pytest.fixture
def bucket(s3: s3_server.S3Server) -> str:
    return s3.new_bucket()


@pytest.fixture(autouse=True)
def new_default_session() -> Iterator[None]:
    """Drop the default session of boto3 after each test: it keeps the credentials that it has found first."""
    yield
    if "boto3" in sys.modules:  # without it, this test has made none
        vars(sys.modules["boto3"])["DEFAULT_SESSION"] = None
