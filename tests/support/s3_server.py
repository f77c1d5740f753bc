"""A strict S3 server on loopback: SeaweedFS checks signatures, expiry times, checksums and conditional writes."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ACCESS_KEY = "test-access-key"
SECRET_KEY = "test-secret-key"
READER_KEY = "test-reader-key"
REGION = "eu-central-1"
PROBE = "probe"
"""A bucket that always exists, and the key of the object in it."""

_START_SECONDS = 60
_IDENTITIES = {
    "identities": [
        {
            "name": "writer",
            "credentials": [{"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY}],
            "actions": ["Admin", "Read", "Write", "List"],
        },
        {
            "name": "reader",
            "credentials": [{"accessKey": READER_KEY, "secretKey": SECRET_KEY}],
            "actions": ["Read", "List"],
        },
    ]
}


@dataclass(frozen=True)
class S3Server:
    """A running S3 server.

    Attributes:
        url: its endpoint.
        access_key: of a user with all rights.
        secret_key: of the same user.
        region: of its buckets.
    """

    url: str
    access_key: str = ACCESS_KEY
    secret_key: str = SECRET_KEY
    region: str = REGION

    @property
    def environment(self) -> dict[str, str]:
        """The variables by which boto3 finds the server."""
        return {
            "AWS_ENDPOINT_URL_S3": self.url,
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_REGION": self.region,
        }

    def client(self, access_key: str | None = None) -> "S3Client":
        return boto3.client(
            "s3",
            endpoint_url=self.url,
            aws_access_key_id=access_key or self.access_key,
            aws_secret_access_key=self.secret_key,
            region_name=self.region,
            config=Config(signature_version="s3v4", retries={"max_attempts": 5, "mode": "standard"}),
        )

    def new_bucket(self) -> str:
        name = f"images-{uuid4().hex[:12]}"
        self.client().create_bucket(Bucket=name)
        return name

    def objects(self, bucket: str, prefix: str = "") -> dict[str, bytes]:
        """Return all objects of a bucket, by key."""
        client = self.client()
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        keys = [item["Key"] for page in pages for item in page.get("Contents", [])]
        return {key: client.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}


def free_ports(number: int) -> list[int]:
    """Return ports that are free, all below 32768, so that no outgoing connection takes one of them.

    Processes that start at the same time have ids close to each other: each searches a range of its own. SeaweedFS adds
    10000 to its ports to derive those that are not set.
    """
    found: list[int] = []
    candidate = 10_000 + os.getpid() * 16 % 8_000
    while len(found) < number:
        candidate += 1
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", candidate)) and candidate not in found:
                found.append(candidate)
    return found


@contextmanager
def running() -> Generator[S3Server]:
    """Start a server, and at the end stop it and delete its data."""
    # From the virtual environment, not from PATH: its version is pinned.
    weed = Path(sys.executable).with_name("weed")
    home = Path(tempfile.mkdtemp(prefix="seaweed-"))
    (home / "identities.json").write_text(json.dumps(_IDENTITIES))
    ports = free_ports(9)
    options = {
        "dir": home,
        "ip": "127.0.0.1",
        "ip.bind": "127.0.0.1",
        "master.port": ports[0],
        "master.port.grpc": ports[1],
        "master.telemetry": "false",
        "volume.port": ports[2],
        "volume.port.grpc": ports[3],
        "volume.max": 5000,  # each test makes a bucket, and each bucket needs some volumes
        "filer.port": ports[4],
        "filer.port.grpc": ports[5],
        "s3.port": ports[6],
        "s3.port.grpc": ports[7],
        "s3.port.iceberg": 0,
        "s3.port.lance": 0,
        "s3.config": home / "identities.json",
        "s3.autoCreateBucket": "false",
    }
    # SeaweedFS would add the credentials in its environment as users.
    clean = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    with (home / "log").open("wb") as log:
        server = subprocess.Popen(
            [weed, "server", "-s3", "-filer", *(f"-{name}={value}" for name, value in options.items())],
            stdout=log,
            stderr=log,
            env=clean | {"HOME": str(home)},
            cwd=home,
        )
    try:
        yield _wait_for(S3Server(f"http://127.0.0.1:{ports[6]}"), server, home / "log")
    finally:
        server.kill()  # a clean stop takes half a minute, to save data that is deleted here
        server.wait()
        shutil.rmtree(home, ignore_errors=True)


def _wait_for(s3: S3Server, server: subprocess.Popen[bytes], log: Path) -> S3Server:
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end and server.poll() is None:
        try:
            client = s3.client()
            client.create_bucket(Bucket=PROBE)
            client.put_object(Bucket=PROBE, Key=PROBE, Body=b"probe")
        except Exception:  # noqa: BLE001 - any error means: not started yet
            time.sleep(0.2)
        else:
            return s3
    raise RuntimeError(f"SeaweedFS did not start:\n{log.read_text()[-2000:]}")
