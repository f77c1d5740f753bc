"""Patch of S3: a missing object is 403 to a caller who may not list the bucket."""

import importlib
from collections.abc import Callable
from typing import Any

NOT_FOUND, FORBIDDEN = 404, 403
ACCESS_DENIED = b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"


def apply() -> None:
    """Replace the function that handles every request to S3."""
    s3: Any = importlib.import_module("ministack.services.s3")
    s3.handle_request = _hide_missing_objects(s3.handle_request)


def _hide_missing_objects(original: Callable[..., Any]) -> Callable[..., Any]:
    """Answer 403 in place of 404.

    AWS: GetObject and HeadObject answer 404 for a missing key if the caller has s3:ListBucket, and 403 if not (API
    reference of GetObject, "Permissions").
    MiniStack: answers 404 in both cases.
    """
    evaluator: Any = importlib.import_module("ministack.core.iam_evaluator")
    router: Any = importlib.import_module("ministack.core.router")

    async def handle(method: str, path: str, headers: Any, body: Any, query: Any, *args: Any, **options: Any) -> Any:  # noqa: ANN401 - MiniStack's own
        response = await original(method, path, headers, body, query, *args, **options)
        bucket, _, key = path.lstrip("/").partition("/")
        if response[0] != NOT_FOUND or method not in {"GET", "HEAD"} or not key:
            return response
        caller = router.extract_access_key_id(headers, query)
        if not evaluator.enforce(caller, "s3:ListBucket", "s3", "", resource_arn=f"arn:aws:s3:::{bucket}"):
            return response
        return FORBIDDEN, {"Content-Type": "application/xml"}, b"" if method == "HEAD" else ACCESS_DENIED

    return handle
