"""Trims the data files of botocore to the services that the functions call.

botocore ships descriptions of some four hundred services, documentation included, and one file with the endpoints of
all of them. A client reads these files when it is created, so a smaller file is a faster cold start.
"""

import gzip
import json
import shutil
from pathlib import Path
from typing import Any

SERVICES = frozenset({"s3", "secretsmanager", "sts"})
"""S3 for images; Secrets Manager for the headers of private hosts; STS for credentials if a role is assumed."""


def trim(code: Path) -> None:
    """Remove other services and all documentation from the botocore in a code directory."""
    data = code / "botocore" / "data"
    for service in data.iterdir():
        if service.is_dir() and service.name not in SERVICES:
            shutil.rmtree(service)
    for examples in data.rglob("examples-*.json"):  # part of the documentation
        examples.unlink()
    _trim_endpoints(data / "endpoints.json")
    for description in data.rglob("*.json.gz"):
        model = json.loads(gzip.decompress(description.read_bytes()))
        # mtime=0: the same input gives the same bytes.
        description.write_bytes(gzip.compress(_to_compact_json(_without_documentation(model)), mtime=0))


def _trim_endpoints(path: Path) -> None:
    endpoints = json.loads(path.read_bytes())
    for partition in endpoints["partitions"]:
        partition["services"] = {name: entry for name, entry in partition["services"].items() if name in SERVICES}
    path.write_bytes(_to_compact_json(endpoints))


def _without_documentation(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """Empty every documentation text, but keep the member, because botocore requires it."""
    match value:
        case dict():
            return {
                name: "" if _is_documentation(name, member) else _without_documentation(member)
                for name, member in value.items()
            }
        case list():
            return [_without_documentation(item) for item in value]
        case _:
            return value


def _is_documentation(name: str, value: object) -> bool:
    return name == "documentation" and isinstance(value, str)  # a shape may have this name too, but it is a dict


def _to_compact_json(document: object) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()
