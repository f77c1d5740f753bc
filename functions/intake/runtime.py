"""Puts the house together, once per execution environment, on the one event loop that it has."""

import asyncio
import ssl
from collections.abc import Coroutine
from functools import cache
from typing import Any

import boto3
import certifi

from intake.adapters.fetch import Fetcher
from intake.adapters.guard import Guard
from intake.adapters.signer import Signer
from intake.adapters.store import S3Store
from intake.adapters.transport import SessionTransport
from intake.config import Config
from intake.service import Intake
from intake.telemetry import Telemetry

PRODUCT = "image-intake/0.1"

# Clients that are pooled belong to a loop; a second asyncio.run would find them on a closed one.
_runner = asyncio.Runner()


def run[T](work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end on the loop of this environment."""
    return _runner.run(work)


@cache
def config() -> Config:
    """Read the settings once.

    Raises:
        ConfigError: with every fault at once.
    """
    return Config.from_environment()


@cache
def intake() -> Intake:
    """Compose the service from the settings."""
    return compose(config())


def compose(config: Config) -> Intake:
    """Put adapters on the ports of the service, as the settings say."""
    limits = config.limits
    # The bundle is named, so that SSL_CERT_FILE and SSL_CERT_DIR in the environment change nothing.
    tls = ssl.create_default_context(cafile=certifi.where())
    guard = Guard(limits)
    origins = SessionTransport(
        connect_timeout=limits.connect_timeout,
        read_timeout=limits.read_timeout,
        tls=tls,
        resolver=guard,
        socket_factory=guard.open_socket,
    )
    contact = f" (+{config.contact})" if config.contact else ""
    s3 = SessionTransport(connect_timeout=limits.connect_timeout, read_timeout=limits.read_timeout, tls=tls)
    return Intake(
        fetch=Fetcher(origins, limits, PRODUCT + contact),
        store=S3Store(Signer(boto3.Session(), config.image_bucket), s3),
        report=Telemetry(),
        limits=limits,
        bucket=config.image_bucket,
    )
