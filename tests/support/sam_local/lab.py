"""What the tests of sam local stand on: a terminal, a local S3, pictures."""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from support.sam_local.shell import Shell

SITE = "http://host.docker.internal:8000"
"""Where containers find the pictures."""


@dataclass(frozen=True, slots=True)
class Ground:
    """The page's setting.

    Attributes:
        shell: where commands are typed.
        exports: what is typed there first.
        s3: a client with every right.
        pictures: what is served, by name.
    """

    shell: Shell
    exports: str
    s3: Any
    pictures: dict[str, bytes] = field(repr=False)

    def type(self, command: str) -> str:
        """Type a command after the exports; what it answers."""
        return self.shell.run(self.exports + command)

    def put(self, bucket: str, key: str, *documents: object) -> None:
        """Put documents, one to a line."""
        body = "".join(json.dumps(document) + "\n" for document in documents).encode()
        self.s3.put_object(Bucket=bucket, Key=key, Body=body)

    def get(self, key: str) -> bytes:
        body: bytes = self.s3.get_object(Bucket="images", Key=key)["Body"].read()
        return body

    def document(self, key: str) -> Any:
        return json.loads(self.get(key))

    def keys(self, bucket: str = "images") -> set[str]:
        """All there is."""
        return {item["Key"] for item in self.s3.list_objects_v2(Bucket=bucket).get("Contents", [])}

    def empty(self) -> None:
        for bucket in ("images", "inbox"):
            for key in self.keys(bucket):
                self.s3.delete_object(Bucket=bucket, Key=key)

    def stored(self, *names: str) -> list[str]:
        """The keys of pictures, after a look at the objects there: each is what its key says."""
        keys = [self._key(name) for name in names]
        for name, key in zip(names, keys, strict=True):
            assert self.get(key) == self.pictures[name], name
        return keys

    def _key(self, name: str) -> str:
        digest = hashlib.sha256(self.pictures[name]).hexdigest()
        return f"images/{digest[:2]}/{digest}.{name.rpartition('.')[2]}"
