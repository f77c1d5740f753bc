"""Puts the house together, once per execution environment, on the one event loop that it has.

boto3 takes as long to import as a third of all the rest, and to make a client takes it as long again. Nothing needs
it before the first image is there: it is imported by the thread that makes the signer, while that image is fetched.
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
    from intake.ingest.manifest_service import ManifestService
    from intake.ingest.service import IngestService
    from intake.s3.background_value import BackgroundValue
    from intake.s3.client import CONNECT_SECONDS, DIALS, READ_SECONDS, S3Client
    from intake.s3.inbox import S3Inbox
    from intake.s3.store import S3Store
    from intake.telemetry import Telemetry

if TYPE_CHECKING:
    import boto3

    from intake.s3.bulk_results import BulkResults
    from intake.s3.signer import Signer

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
def ingest_service() -> IngestService:
    """Put the service on its adapters, as the settings say."""
    settings = config()
    images = store()  # first: its thread has work to do while the certificates are read
    return IngestService(downloader(settings), images, Telemetry(), settings.limits, settings.image_bucket)


@cache
def manifest_service() -> ManifestService:
    """Put the way of manifests on the same service."""
    return ManifestService(inbox(), store(), ingest_service(), config().limits)


@cache
def store() -> S3Store:
    """Open the bucket of images and receipts."""
    return S3Store(s3_client(config().image_bucket))


@cache
def inbox() -> S3Inbox:
    """Open the bucket of manifests."""
    return S3Inbox(s3_client(config().inbox_bucket))


@cache
def bulk_results() -> "BulkResults":
    """Open the results of bulk runs, which stand beside the images."""
    from intake.s3.bulk_results import BulkResults  # noqa: PLC0415 - only the end of a run needs it

    return BulkResults(config().image_bucket)


def downloader(settings: Config) -> HttpDownloader:
    """Make the way to origins, with the guard before every connection."""
    limits = settings.limits
    guard = GuardedResolver(limits)
    transport = PooledTransport(
        connect_timeout=limits.connect_timeout,
        read_timeout=limits.read_timeout,
        tls=_tls(certifi.where()),
        resolver=guard,
        zero_copy=True,
    )
    contact = f" (+{settings.contact})" if settings.contact else ""
    return HttpDownloader(transport, limits, PRODUCT + contact)


def s3_client(name: str) -> S3Client:
    """Make the way to a bucket; the endpoint is the account's own, or what the environment names."""
    signer = BackgroundValue(partial(_signer, name))
    # The certificates of a proxy or of a private S3 are told as everywhere in boto3.
    tls = _tls(os.environ.get("AWS_CA_BUNDLE") or certifi.where())
    transport = PooledTransport(
        connect_timeout=CONNECT_SECONDS, read_timeout=READ_SECONDS, tls=tls, connect_limit=DIALS, zero_copy=True
    )
    return S3Client(signer, transport)


def _signer(name: str) -> "Signer":
    from intake.s3.signer import Signer  # noqa: PLC0415 - by a thread, see above

    return Signer(_session(), name)


@cache
def _session() -> "boto3.Session":
    import boto3  # noqa: PLC0415 - by a thread, see above

    return boto3.Session()


@cache
def _tls(bundle: str) -> ssl.SSLContext:
    # The bundle is named, so that SSL_CERT_FILE and SSL_CERT_DIR in the environment change nothing.
    return ssl.create_default_context(cafile=bundle)


# On Lambda, invalid settings stop the start of the function with every fault named, not its first event.
if "AWS_LAMBDA_RUNTIME_API" in os.environ:
    config()
