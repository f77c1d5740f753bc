"""Calls of the HTTP handler, as API Gateway makes them."""

import json
from typing import Any

from intake.handlers import http
from support.lambda_context import Context

type Response = tuple[int, dict[str, Any], dict[str, Any]]
"""Status, headers and JSON body."""


def call(method: str, path: str, body: str | None = None, **members: Any) -> Response:
    """Call the handler; `members` replace those of the event."""
    event: dict[str, Any] = {"httpMethod": method, "path": path, "headers": {}, "requestContext": {}, "body": body}
    response = http.handler(event | {"isBase64Encoded": False} | members, Context(29.0))
    headers = {name: values[0] for name, values in response["multiValueHeaders"].items()}
    return response["statusCode"], headers, json.loads(response["body"])


def get(path: str) -> Response:
    """Call GET."""
    return call("GET", path)


def post(document: object, prefer: str | None = None) -> Response:
    """Call POST /files with a document, and the header Prefer if there is one."""
    return call("POST", "/files", json.dumps(document), headers={} if prefer is None else {"Prefer": prefer})


def behind(base_path: str, method: str, resource: str, path: str, body: object = None, **members: Any) -> Response:
    """Call the handler behind a custom domain with a base path mapping."""
    text = None if body is None else json.dumps(body)
    return call(method, base_path + path, text, resource=resource, **members)
