"""Builds the service once for each execution environment, on its one event loop.

Importing boto3 takes a third as long as all other imports together, and creating a client takes as long again. A
background thread does both while the first image is downloaded.

This is the only module with side effects at import: it pauses the garbage collector while it imports the others,
configures `logging`, and on Lambda it reads the settings.
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

    from intake.download.downloader import HttpDownloader
    from intake.download.guarded_resolver import GuardedResolver
    from intake.download.origin_cool_downs import OriginCoolDowns
    from intake.http_client.descriptors import max_sockets
    from intake.http_client.transport import PooledTransport
    from intake.ingest.deadline import Deadline
    from intake.ingest.file_service import IngestService
    from intake.ingest.manifest_service import ManifestService
    from intake.model.verification import Verification
    from intake.s3.background_signer import BackgroundSigner
    from intake.s3.client import CONNECT_TIMEOUT, MAX_CONCURRENT_CONNECTS, READ_TIMEOUT, S3Client
    from intake.s3.inbox import S3Inbox
    from intake.s3.store import S3Store
    from intake.settings.config import Config
    from intake.telemetry import Telemetry, flush_metrics, skip_unused_log_fields

if TYPE_CHECKING:
    import boto3
    import httpx

    from intake.ingest.decoder_check import DecoderCheck
    from intake.ingest.ports import Observer, Store
    from intake.s3.bulk_results import BulkResults
    from intake.s3.signer import Signer

PRODUCT = "image-intake/0.2"
"""The first part of the User-Agent header; the setting CONTACT follows."""

# Each pool has a share of the sockets. An image may hold a connection to its origin while it waits for memory, and
# stored images free memory: with one share for both, they could wait for each other. On Lambda, every image in flight
# finds a socket for its origin.
_ORIGIN_SHARE, _STORE_SHARE, _INBOX_SHARE = 5 / 8, 2 / 8, 1 / 8
_SOURCE_SHARE = _ORIGIN_SHARE / 2  # of the origins' share, where there are source buckets

# One event loop for all invocations: asyncio.run would close the loop that the pooled connections belong to.
_runner = asyncio.Runner()


def run[T](work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end on the event loop of this environment, then write the metrics of its Files."""
    try:
        return _runner.run(work)
    finally:
        flush_metrics()


def deadline(seconds: float) -> Deadline:
    """Return the deadline of an invocation that the platform ends in `seconds`, with the margin DEADLINE_MARGIN."""
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
    images = store()  # first: its background thread runs while the certificates are read
    telemetry = Telemetry()
    return IngestService(
        downloader(settings, images if settings.known_images else None),
        images,
        telemetry,
        settings.limits,
        settings.image_bucket,
        refresh=settings.refresh,
        uses_known_documents=settings.known_images,
        decoder=decoder_check(settings, telemetry),
    )


@cache
def manifest_service() -> ManifestService:
    """Create the service that ingests a manifest."""
    return ManifestService(inbox(), store(), ingest_service(), config().limits)


@cache
def store() -> S3Store:
    """Create the store of images, receipts and problem documents."""
    return S3Store(s3_client(config().image_bucket, _STORE_SHARE))


@cache
def inbox() -> S3Inbox:
    """Create the inbox of manifests."""
    return S3Inbox(s3_client(config().inbox_bucket, _INBOX_SHARE))


@cache
def bulk_results() -> "BulkResults":
    """Create the store of bulk results, which is in the image bucket."""
    from intake.s3.bulk_results import BulkResults  # noqa: PLC0415 - imports boto3; only the summary needs it

    return BulkResults(config().image_bucket)


def downloader(settings: Config, documents: "Store | None" = None) -> HttpDownloader:
    """Create the downloader, whose resolver refuses addresses that are not public.

    Args:
        settings: all settings.
        documents: where the functions share the cool-downs of origins; without it, no origin cools down.
    """
    limits = settings.limits
    buckets = _bucket_sources(settings)
    transport = PooledTransport(
        connect_timeout=limits.connect_timeout,
        read_timeout=limits.read_timeout,
        tls=_tls_context(certifi.where()),
        resolver=GuardedResolver(limits),
        max_sockets=_sockets(_ORIGIN_SHARE - _SOURCE_SHARE if buckets else _ORIGIN_SHARE),
        zero_copy=True,
    )
    contact = f" (+{settings.contact})" if settings.contact else ""
    sources = buckets | _host_sources(settings, transport)
    return HttpDownloader(transport, limits, PRODUCT + contact, OriginCoolDowns(documents), sources)


def _bucket_sources(settings: Config) -> "dict[str, httpx.AsyncBaseTransport]":
    """Return the transports of SOURCE_BUCKETS, by the origins of their URLs."""
    if not settings.source_buckets:
        return {}
    from intake.sources.bucket_source import BucketSource  # noqa: PLC0415 - few deployments have source buckets

    limits = settings.limits
    transport = _s3_transport(limits.connect_timeout, limits.read_timeout, _SOURCE_SHARE)
    return {
        bucket.origin: BucketSource(partial(_create_signer, bucket.name), transport, bucket.region)
        for bucket in settings.source_buckets
    }


def _host_sources(settings: Config, transport: PooledTransport) -> "dict[str, httpx.AsyncBaseTransport]":
    """Return the transports of SOURCE_HOSTS over that of all hosts, by the origins of their URLs."""
    if not settings.source_hosts:
        return {}
    from intake.sources.host_source import make_host_sources  # noqa: PLC0415 - few deployments have such hosts

    return make_host_sources(settings.source_hosts, settings.source_secret_arn, transport)


def decoder_check(settings: Config, observer: "Observer") -> "DecoderCheck | None":
    """Create the check that decodes each image, if VERIFY=decode asks for it."""
    if settings.verification is Verification.STRUCTURE:
        return None
    from intake.decode.decoder_process import DecoderProcess  # noqa: PLC0415 - few deployments decode
    from intake.ingest.decoder_check import DecoderCheck  # noqa: PLC0415 - the same

    return DecoderCheck(DecoderProcess(settings.limits), observer)


def s3_client(bucket: str, socket_share: float = _STORE_SHARE) -> S3Client:
    """Create a client for one bucket. The endpoint is that of the region, or the one that the environment names.

    Args:
        bucket: its name.
        socket_share: the share of all sockets that the client may open, 0 to 1.
    """
    signer = BackgroundSigner(partial(_create_signer, bucket))
    return S3Client(signer, _s3_transport(CONNECT_TIMEOUT, READ_TIMEOUT, socket_share))


def _s3_transport(connect_timeout: float, read_timeout: float, socket_share: float) -> PooledTransport:
    # AWS_CA_BUNDLE has the certificates of a proxy or of a private S3; boto3 reads the same variable.
    tls = _tls_context(os.environ.get("AWS_CA_BUNDLE") or certifi.where())
    return PooledTransport(
        connect_timeout=connect_timeout,
        read_timeout=read_timeout,
        tls=tls,
        connect_limit=MAX_CONCURRENT_CONNECTS,
        max_sockets=_sockets(socket_share),
        zero_copy=True,
    )


def _sockets(share: float) -> float:
    return max(1.0, share * max_sockets())


def _create_signer(bucket: str, region: str | None = None) -> "Signer":
    from intake.s3.signer import Signer  # noqa: PLC0415 - imports boto3, in the background thread

    return Signer(_session(), bucket, region)


@cache
def _session() -> "boto3.Session":
    import boto3  # noqa: PLC0415 - in the background thread

    return boto3.Session()


@cache
def _tls_context(bundle: str) -> ssl.SSLContext:
    # With an explicit bundle, SSL_CERT_FILE and SSL_CERT_DIR have no effect.
    return ssl.create_default_context(cafile=bundle)


skip_unused_log_fields()
# Invalid settings fail the initialization of the function, and the error names every fault.
if "AWS_LAMBDA_RUNTIME_API" in os.environ:
    config()
