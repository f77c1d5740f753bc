"""Patch of S3: it logs every request, so that requests can be counted."""

import importlib
import re
from collections import Counter
from collections.abc import Callable
from typing import Any

_LINE = "S3 request: {method} {path} {status}"
_PARTS = re.compile(r"^S3 request: ([A-Z]+) /[^/ ]+/?([^/ ]*)", re.MULTILINE)
"""The method, and the first part of the key after the bucket."""


def apply() -> None:
    """Replace the function that handles every request to S3."""
    s3: Any = importlib.import_module("ministack.services.s3")
    s3.handle_request = _log_requests(s3.handle_request)


def count_requests(log: str) -> Counter[str]:
    """Return the number of requests in the log of MiniStack, by method and first part of the key: "PUT images"."""
    return Counter(map(" ".join, _PARTS.findall(log)))


def _log_requests(original: Callable[..., Any]) -> Callable[..., Any]:
    """Log method, path and status of each response.

    AWS: server access logs arrive in a bucket, hours later.
    MiniStack: logs no request.
    """

    async def handle(method: str, path: str, *args: Any, **options: Any) -> Any:  # noqa: ANN401 - MiniStack's own
        response = await original(method, path, *args, **options)
        print(_LINE.format(method=method, path=path, status=response[0]), flush=True)
        return response

    return handle
