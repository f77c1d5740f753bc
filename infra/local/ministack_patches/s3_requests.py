"""Patch of S3: it logs every request. `MiniStack.count_s3_requests` reads the lines."""

import importlib
from collections.abc import Callable
from typing import Any

LINE = "S3 request: {method} {path} {status}"


def apply() -> None:
    """Replace the function that handles every request to S3."""
    s3: Any = importlib.import_module("ministack.services.s3")
    s3.handle_request = _log_requests(s3.handle_request)


def _log_requests(original: Callable[..., Any]) -> Callable[..., Any]:
    """Log method, path and status of each response.

    AWS: server access logs arrive in a bucket, hours later.
    MiniStack: logs no request.
    """

    async def handle(method: str, path: str, *args: Any, **options: Any) -> Any:  # noqa: ANN401 - MiniStack's own
        response = await original(method, path, *args, **options)
        print(LINE.format(method=method, path=path, status=response[0]), flush=True)
        return response

    return handle
