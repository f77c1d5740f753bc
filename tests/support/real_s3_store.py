"""`S3Store` on a real S3 server, without the rest of the service."""

import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from hashlib import sha256

import boto3
import certifi
import pytest

from intake.http_client.transport import PooledTransport
from intake.s3.background_signer import BackgroundSigner
from intake.s3.client import S3Client
from intake.s3.signer import Signer
from intake.s3.store import S3Store
from support import s3_server


@asynccontextmanager
async def open_store(
    s3: s3_server.S3Server,
    bucket: str,
    monkeypatch: pytest.MonkeyPatch,
    *,
    endpoint: str | None = None,
    access_key: str | None = None,
    secret_key: str | None = None,
    read_timeout: float = 10.0,
) -> AsyncGenerator[S3Store]:
    """Open a store for one test.

    Args:
        s3: the server of the bucket.
        bucket: its name.
        monkeypatch: sets the endpoint in the environment.
        endpoint: URL of a proxy in front of the server; the server's own by default.
        access_key: the server's own by default.
        secret_key: the server's own by default.
        read_timeout: seconds of silence.
    """
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", endpoint or s3.url)
    session = boto3.Session(
        aws_access_key_id=access_key or s3.access_key,
        aws_secret_access_key=secret_key or s3.secret_key,
        region_name=s3.region,
    )
    tls = ssl.create_default_context(cafile=certifi.where())
    transport = PooledTransport(connect_timeout=1.0, read_timeout=read_timeout, tls=tls, zero_copy=True)
    store = S3Store(S3Client(BackgroundSigner(partial(Signer, session, bucket)), transport))
    try:
        yield store
    finally:
        await store.aclose()


def find_wrong_images(objects: dict[str, bytes]) -> list[str]:
    """Return the keys under images/ whose bytes do not have the digest in the key: cut or other images."""
    images = {key: body for key, body in objects.items() if key.startswith("images/")}
    return [key for key, body in images.items() if key.split("/")[2].split(".")[0] != sha256(body).hexdigest()]
