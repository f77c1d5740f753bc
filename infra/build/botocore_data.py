"""What botocore knows of AWS, cut down to what is asked of it here: it is read whenever a client is made.

botocore comes with descriptions of four hundred services, with the manual of each in them, and with one list of the
addresses of all. Reading what is not wanted takes longer than all that the client does with the rest.
"""

import gzip
import json
import shutil
from pathlib import Path
from typing import Any

SERVICES = frozenset({"s3", "sts"})
"""What boto3 is asked for here: images, and credentials where a role is assumed."""


def cut(code: Path) -> None:
    """Take out, of the botocore in a directory, the other services and every word that is for people."""
    data = code / "botocore" / "data"
    for service in data.iterdir():
        if service.is_dir() and service.name not in SERVICES:
            shutil.rmtree(service)
    _cut_addresses(data / "endpoints.json")
    for description in data.rglob("*.json.gz"):
        known = json.loads(gzip.decompress(description.read_bytes()))
        # No time in it, so that the same comes of the same.
        description.write_bytes(gzip.compress(_compact(_wordless(known)), mtime=0))


def _cut_addresses(endpoints: Path) -> None:
    known = json.loads(endpoints.read_bytes())
    for partition in known["partitions"]:
        partition["services"] = {name: of for name, of in partition["services"].items() if name in SERVICES}
    endpoints.write_bytes(_compact(known))


def _wordless(known: Any) -> Any:  # noqa: ANN401 - any JSON
    """Empty every documentation; botocore wants the member itself to be there."""
    match known:
        case dict():
            return {name: "" if _is_prose(name, value) else _wordless(value) for name, value in known.items()}
        case list():
            return [_wordless(value) for value in known]
        case _:
            return known


def _is_prose(name: str, value: object) -> bool:
    return name == "documentation" and isinstance(value, str)  # what only happens to be called so is described


def _compact(document: object) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()
