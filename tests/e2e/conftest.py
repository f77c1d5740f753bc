"""The stack, deployed once for all end-to-end tests: our template, by sam, on MiniStack; two origins beside it."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]

from infra.build import artifact  # noqa: E402
from infra.local.deploy import DeployedStack, deployed_stack, relax_for_loopback  # noqa: E402
from infra.pictures.board import draw_pictures  # noqa: E402
from infra.pictures.server import serve_pictures  # noqa: E402

from support.origin import Origin, in_a_thread  # noqa: E402

BATCH_SIZE = 250
VENVS = ROOT / ".local"


@dataclass(frozen=True, slots=True)
class Ground:
    """What the end-to-end tests stand on.

    Attributes:
        stack: the deployed stack, to call its API.
        s3: a client with every right.
        site: the address of the origin, no slash at the end.
        pictures: what the origin serves, by name.
        origin: another origin, which can be taught, and counts what it is asked.
    """

    stack: DeployedStack
    s3: Any
    site: str
    pictures: dict[str, bytes] = field(repr=False)
    origin: Origin

    def url(self, name: str) -> str:
        return f"{self.site}/{name}"

    def objects(self, prefix: str = "images/") -> list[str]:
        """The keys in the image bucket."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.stack.bucket, Prefix=prefix)
        return [item["Key"] for page in pages for item in page.get("Contents", [])]

    def drop(self, key: str, body: bytes) -> None:
        """Put a manifest or a list into the inbox."""
        self.s3.put_object(Bucket=self.stack.inbox, Key=key, Body=body)

    def read(self, key: str) -> bytes:
        body: bytes = self.s3.get_object(Bucket=self.stack.bucket, Key=key)["Body"].read()
        return body

    def json(self, key: str) -> Any:
        return json.loads(self.read(key))


def jsonl(*documents: object) -> bytes:
    return b"".join(json.dumps(document).encode() + b"\n" for document in documents)


@contextmanager
def broken(ground: Ground, named: str) -> Iterator[None]:
    """A function that cannot start for a while: a setting of it is none."""
    [function] = [name for name in ground.stack.functions if named in name]
    client = ground.stack.aws.client("lambda")
    good = client.get_function_configuration(FunctionName=function)["Environment"]["Variables"]
    bad = {"Variables": good | {"MAX_ATTEMPTS": "none"}}
    client.update_function_configuration(FunctionName=function, Environment=bad)
    try:
        yield
    finally:
        client.update_function_configuration(FunctionName=function, Environment={"Variables": good})


def eventually[T](what: Callable[[], T | None], seconds: float = 30.0) -> T:
    """Ask until the answer is a yes; what it was."""
    until = time.monotonic() + seconds
    while not (found := what()) and time.monotonic() < until:
        time.sleep(0.1)
    assert found, f"it did not come about within {seconds:.0f} seconds"
    return found


@pytest.fixture(scope="session")
def deployed() -> Iterator[Ground]:
    sam = VENVS / "sam" / "bin" / "sam"
    if not sam.exists():
        pytest.fail("sam and MiniStack are not installed: run `make install`, or `make test` for everything.")
    built, processor = artifact.local_build(), artifact.machine()
    pictures = draw_pictures()
    with serve_pictures(pictures, delay=0) as port, in_a_thread() as counting:
        parameters = {"Architecture": processor, "AllowedPorts": f"80,443,{port},{counting.port}"}
        parameters["AllowedHosts"] = "127.0.0.1"  # whatever URL a test makes up, no name is looked up
        bulk = {"BulkBatchSize": str(BATCH_SIZE), "BulkMaxConcurrency": "2"}
        with ExitStack() as until_the_end:
            with artifact.build_lock(built):
                artifact.build(processor, built, sam)
                stack = until_the_end.enter_context(deployed_stack(built, VENVS, parameters | bulk))
            relax_for_loopback(stack, {"ALLOWED_NETWORKS": "127.0.0.1/32"})
            yield Ground(stack, stack.aws.client("s3"), f"http://127.0.0.1:{port}", pictures, counting)
