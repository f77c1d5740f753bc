"""Builds the service once for each execution environment, on its one event loop.

boto3 takes a third of the import time of everything else, and as long again to create a client. A background thread
imports it and creates the signer while the first image is downloaded.

This is the only module with side effects at import: it pauses the garbage collector while it imports the others, and
on Lambda it reads the settings.
"""

from intake.gc_pause import gc_paused

with gc_paused():
    import asyncio
    import os
    import ssl
    from collections.abc import Coroutine
    from functools import cache, partial
    from typing import TYPE_CHECKING, Any

    import certifi

    from intake.config import Config
    from intake.download.downloader import HttpDownloader
    from intake.download.guarded_resolver import GuardedResolver
    from intake.http_client.transport import PooledTransport
    from intake.ingest.deadline import Deadline
    from intake.ingest.manifest_service import ManifestService
    from intake.ingest.service import IngestService
    from intake.s3.background_value import BackgroundValue
    from intake.s3.client import CONNECT_TIMEOUT, MAX_CONCURRENT_CONNECTS, READ_TIMEOUT, S3Client
    from intake.s3.inbox import S3Inbox
    from intake.s3.store import S3Store
    from intake.telemetry import Telemetry

if TYPE_CHECKING:
    import boto3

    from intake.s3.bulk_results import BulkResults
    from intake.s3.signer import Signer

PRODUCT = "image-intake/0.2"
"""The User-Agent, before the contact of the settings."""

# A second asyncio.run would find the pooled connections on a closed loop.
_runner = asyncio.Runner()


def run[T](work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end on the event loop of this environment."""
    return _runner.run(work)


def deadline(seconds: float) -> Deadline:
    """Return the deadline of an invocation that the platform ends in `seconds`, with the margin of the settings."""
    return Deadline(_runner.get_loop().time() + seconds, config().limits.deadline_margin)


@cache
def config() -> Config:
    """Read the settings once.

    Raises:
        ConfigError: with every fault at once.
    """
    return Config.from_environment()


@cache
def ingest_service() -> IngestService:
    """Create the service that ingests one File."""
    settings = config()
    images = store()  # first: its background thread works while the certificates are read
    return IngestService(downloader(settings), images, Telemetry(), settings.limits, settings.image_bucket)


@cache
def manifest_service() -> ManifestService:
    """Create the service that ingests a manifest."""
    return ManifestService(inbox(), store(), ingest_service(), config().limits)


@cache
def store() -> S3Store:
    """Create the store of images, receipts and problem documents."""
    return S3Store(s3_client(config().image_bucket))


@cache
def inbox() -> S3Inbox:
    """Create the inbox of manifests."""
    return S3Inbox(s3_client(config().inbox_bucket))


@cache
def bulk_results() -> "BulkResults":
    """Create the store of bulk results, which is in the image bucket."""
    from intake.s3.bulk_results import BulkResults  # noqa: PLC0415 - imports boto3; only the summary needs it

    return BulkResults(config().image_bucket)


def downloader(settings: Config) -> HttpDownloader:
    """Create the downloader, whose resolver refuses addresses that are not public."""
    limits = settings.limits
    transport = PooledTransport(
        connect_timeout=limits.connect_timeout,
        read_timeout=limits.read_timeout,
        tls=_tls_context(certifi.where()),
        resolver=GuardedResolver(limits),
        zero_copy=True,
    )
    contact = f" (+{settings.contact})" if settings.contact else ""
    return HttpDownloader(transport, limits, PRODUCT + contact)


def s3_client(bucket: str) -> S3Client:
    """Create a client for one bucket, at the endpoint of the account or the one that the environment names."""
    signer = BackgroundValue(partial(_create_signer, bucket))
    # AWS_CA_BUNDLE: the certificates of a proxy or of a private S3, as everywhere in boto3.
    tls = _tls_context(os.environ.get("AWS_CA_BUNDLE") or certifi.where())
    transport = PooledTransport(
        connect_timeout=CONNECT_TIMEOUT,
        read_timeout=READ_TIMEOUT,
        tls=tls,
        connect_limit=MAX_CONCURRENT_CONNECTS,
        zero_copy=True,
    )
    return S3Client(signer, transport)


def _create_signer(bucket: str) -> "Signer":
    from intake.s3.signer import Signer  # noqa: PLC0415 - imports boto3, in the background thread

    return Signer(_session(), bucket)


@cache
def _session() -> "boto3.Session":
    import boto3  # noqa: PLC0415 - in the background thread

    return boto3.Session()


@cache
def _tls_context(bundle: str) -> ssl.SSLContext:
    # The bundle is named, so that SSL_CERT_FILE and SSL_CERT_DIR in the environment change nothing.
    return ssl.create_default_context(cafile=bundle)


# Invalid settings stop the start of a function with every fault named, not its first event.
if "AWS_LAMBDA_RUNTIME_API" in os.environ:
    config()
