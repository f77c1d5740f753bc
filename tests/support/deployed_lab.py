"""The deployed stack that the end-to-end tests use: the template on a local AWS, two origins, and helpers around it."""

import json
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from infra.build import artifact
from infra.build.template_file import ROOT
from infra.local.deploy_template import DeployedStack, deployed_stack, relax_for_loopback
from infra.local.ministack import MiniStack
from infra.pictures.board import draw_pictures
from infra.pictures.picture_server import OriginTraffic, serve_pictures

from support.origin import Origin, origin_in_thread

BATCH_SIZE = 250
_CLOSED_PORTS = 32
SOURCE_BUCKETS = ("photos", "old.scans")
"""The buckets that `s3://` URLs may name. The template makes the ARN of the first one differently from the others."""

VENVS = ROOT / ".local"
SAM = VENVS / "sam" / "bin" / "sam"


@dataclass(frozen=True, slots=True)
class Lab:
    """A deployed stack and two origins.

    Attributes:
        stack: the stack; calls its API.
        s3: an S3 client with all permissions.
        site: the URL of the origin that serves pictures, without a slash at the end.
        pictures: the pictures that it serves, by name.
        traffic: what it has sent.
        origin: a misbehaving origin, which counts its requests.
        closed_ports: allowed ports of this machine that refuse connections.
    """

    stack: DeployedStack
    s3: Any
    site: str
    pictures: dict[str, bytes] = field(repr=False)
    traffic: OriginTraffic
    origin: Origin
    closed_ports: list[int]

    def url(self, name: str) -> str:
        """Return the URL of a picture."""
        return f"{self.site}/{name}"

    def objects(self, prefix: str = "images/") -> list[str]:
        """List the keys in the image bucket."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.stack.bucket, Prefix=prefix)
        return [item["Key"] for page in pages for item in page.get("Contents", [])]

    def put_in_inbox(self, key: str, body: bytes) -> None:
        """Put a manifest or a list into the inbox."""
        self.s3.put_object(Bucket=self.stack.inbox, Key=key, Body=body)

    def read(self, key: str) -> bytes:
        """Read an object of the image bucket."""
        body: bytes = self.s3.get_object(Bucket=self.stack.bucket, Key=key)["Body"].read()
        return body

    def json(self, key: str) -> Any:
        return json.loads(self.read(key))

    def function(self, logical_name: str) -> str:
        """Return the deployed name of a function of the template."""
        return self.stack.find_function(logical_name)

    def invoke(self, logical_name: str, payload: bytes) -> Any:
        """Invoke a function of the template, and return boto3's response."""
        return self.stack.aws.client("lambda").invoke(FunctionName=self.function(logical_name), Payload=payload)


def json_lines(*documents: object) -> bytes:
    return b"".join(json.dumps(document).encode() + b"\n" for document in documents)


@contextmanager
def changed_function(lab: Lab, logical_name: str, changes: Mapping[str, str]) -> Iterator[None]:
    """Change variables of a function until the end of the block; each change starts a new environment."""
    function = lab.function(logical_name)
    client = lab.stack.aws.client("lambda")
    variables = client.get_function_configuration(FunctionName=function)["Environment"]["Variables"]
    client.update_function_configuration(FunctionName=function, Environment={"Variables": variables | dict(changes)})
    try:
        yield
    finally:
        client.update_function_configuration(FunctionName=function, Environment={"Variables": variables})


def broken_function(lab: Lab, logical_name: str) -> AbstractContextManager[None]:
    """Give a function an invalid setting, so that it cannot start until the end of the block."""
    return changed_function(lab, logical_name, {"MAX_ATTEMPTS": "none"})


def wait_for[T](poll: Callable[[], T | None], seconds: float = 30.0) -> T:
    """Call a function until its result is true, and return the result."""
    end = time.monotonic() + seconds
    while not (found := poll()) and time.monotonic() < end:
        time.sleep(0.1)
    assert found, f"it did not happen within {seconds:.0f} seconds"
    return found


def require_sam() -> None:
    """Fail the test if `make install` has not been run."""
    if not SAM.exists():
        pytest.fail("sam and MiniStack are not installed: run `make install`, or `make test` for everything.")


@contextmanager
def closed_port() -> Iterator[int]:
    """Reserve a port on which no program listens: a socket is bound to it."""
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        yield reserved.getsockname()[1]


def _make_source_buckets(aws: MiniStack) -> dict[str, str]:
    """Create buckets with versions, and return the parameter that names them."""
    for bucket in SOURCE_BUCKETS:
        aws.client("s3").create_bucket(Bucket=bucket)
        aws.client("s3").put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    return {"SourceBuckets": ",".join(SOURCE_BUCKETS)}


@contextmanager
def deploy_lab(
    prepare: Callable[[MiniStack], Mapping[str, str]] = lambda _: {}, *, with_decoders: bool = False
) -> Iterator[Lab]:
    """Build the artifact, deploy the template on MiniStack, and stop everything at the end.

    Args:
        prepare: makes what the account has before the stack, and returns the parameters that name it.
        with_decoders: whether the stack has Verify=decode, and the artifact for it.
    """

    def prepare_all(aws: MiniStack) -> dict[str, str]:
        return {**_make_source_buckets(aws), **prepare(aws)}

    require_sam()
    built, processor = artifact.local_build_directory(with_decoders=with_decoders), artifact.local_architecture()
    pictures, traffic = draw_pictures(), OriginTraffic()
    with (
        serve_pictures(pictures, delay=0, traffic=traffic) as port,
        origin_in_thread() as counting,
        ExitStack() as stack,
    ):
        closed = [stack.enter_context(closed_port()) for _ in range(_CLOSED_PORTS)]
        parameters = {
            "Architecture": processor,
            "AllowedPorts": ",".join(map(str, (80, 443, port, counting.port, *closed))),
            "AllowedHosts": "127.0.0.1",  # no other host is looked up, whatever URL a test makes up
            "BulkBatchSize": str(BATCH_SIZE),
            "BulkMaxConcurrency": "2",
            "QueueMaxConcurrency": "2",
            "Verify": "decode" if with_decoders else "structure",
        }
        with artifact.build_lock():
            artifact.build(processor, built, SAM, with_decoders=with_decoders)
            deployed = stack.enter_context(deployed_stack(built, VENVS, parameters, prepare_all))
        # The local S3 is an origin too: `make smoke` puts its pictures there.
        ports = f"{parameters['AllowedPorts']},{urlsplit(deployed.aws.endpoint).port}"
        relax_for_loopback(deployed, {"ALLOWED_NETWORKS": "127.0.0.1/32", "ALLOWED_PORTS": ports})
        site = f"http://127.0.0.1:{port}"
        yield Lab(deployed, deployed.aws.client("s3"), site, pictures, traffic, counting, closed)
