"""The stack, deployed once for all end-to-end tests: our template, by sam, on MiniStack; a small origin beside it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]

from infra import artefact  # noqa: E402
from infra.demo.origin import origin  # noqa: E402
from infra.demo.pictures import gallery  # noqa: E402
from infra.local.deploy import Deployed, deployed_stack, loosen  # noqa: E402

VENVS = ROOT / ".local"


@dataclass(frozen=True, slots=True)
class Ground:
    """What the end-to-end tests stand on.

    Attributes:
        stack: the deployed stack, to call its API.
        s3: a client with every right.
        site: the address of the origin, no slash at the end.
        pictures: what the origin serves, by name.
    """

    stack: Deployed
    s3: Any
    site: str
    pictures: dict[str, bytes] = field(repr=False)

    def url(self, name: str) -> str:
        return f"{self.site}/{name}"

    def objects(self, prefix: str = "images/") -> list[str]:
        """The keys in the image bucket."""
        listed = self.s3.list_objects_v2(Bucket=self.stack.bucket, Prefix=prefix)
        return [item["Key"] for item in listed.get("Contents", [])]


@pytest.fixture(scope="session")
def deployed() -> Iterator[Ground]:
    sam = VENVS / "sam" / "bin" / "sam"
    if not sam.exists():
        pytest.fail("sam and MiniStack are not installed: run `make install`, or `make test` for everything.")
    built, processor = artefact.local_build(), artefact.machine()
    artefact.build(processor, built, sam)
    pictures = gallery()
    with origin(pictures, delay=0) as port:
        parameters = {"Architecture": processor, "AllowedPorts": f"80,443,{port}"}
        with deployed_stack(built, VENVS, parameters) as stack:
            loosen(stack, {"ALLOWED_NETWORKS": "127.0.0.1/32"})
            yield Ground(stack, stack.aws.client("s3"), f"http://127.0.0.1:{port}", pictures)
