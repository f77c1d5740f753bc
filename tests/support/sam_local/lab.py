"""The environment of the `sam local` tests: a shell, a local S3, and served pictures."""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from support.sam_local.shell import Shell

SITE = "http://host.docker.internal:8000"
"""The URL at which containers find the pictures."""


@dataclass(frozen=True, slots=True)
class SamLocalLab:
    """The environment that docs/sam-local.md sets up.

    Attributes:
        shell: runs commands.
        exports: the page's exports, which run before each command.
        s3: an S3 client with all permissions.
        pictures: the served pictures, by name.
    """

    shell: Shell
    exports: str
    s3: Any
    pictures: dict[str, bytes] = field(repr=False)

    def run(self, command: str) -> str:
        """Run a command after the exports, and return its output."""
        return self.shell.run(self.exports + command)

    def put(self, bucket: str, key: str, *documents: object) -> None:
        """Put documents into an object, one per line."""
        body = "".join(json.dumps(document) + "\n" for document in documents).encode()
        self.s3.put_object(Bucket=bucket, Key=key, Body=body)

    def get(self, key: str) -> bytes:
        body: bytes = self.s3.get_object(Bucket="images", Key=key)["Body"].read()
        return body

    def document(self, key: str) -> Any:
        return json.loads(self.get(key))

    def keys(self) -> set[str]:
        """List the keys of the image bucket, without known documents: files must be a minute old to have one."""
        return {key for key in self._all_keys("images") if not key.startswith("known/")}

    def empty(self) -> None:
        for bucket in ("images", "inbox"):
            for key in self._all_keys(bucket):
                self.s3.delete_object(Bucket=bucket, Key=key)

    def _all_keys(self, bucket: str) -> list[str]:
        return [item["Key"] for item in self.s3.list_objects_v2(Bucket=bucket).get("Contents", [])]

    def stored(self, *names: str) -> list[str]:
        """Return the keys of pictures, after a check that their objects are stored."""
        keys = [self._key(name) for name in names]
        for name, key in zip(names, keys, strict=True):
            assert self.get(key) == self.pictures[name], name
        return keys

    def _key(self, name: str) -> str:
        digest = hashlib.sha256(self.pictures[name]).hexdigest()
        return f"images/{digest[:2]}/{digest}.{name.rpartition('.')[2]}"
