"""Conditional requests (RFC 9110, 13): which one gets the validators of a known image, and what its response means."""

import httpx

from intake.ingest.download_port import Condition, Unchanged
from intake.known.url_key import url_key
from intake.model.url import Url

_NOT_MODIFIED, _PRECONDITION_FAILED = 304, 412
ANSWERS = frozenset({_NOT_MODIFIED, _PRECONDITION_FAILED})
"""Statuses that answer a condition. RFC 9110, 13.1.2, has only 304 for a GET; some servers send 412."""


def find_condition(condition: Condition | None, url: Url) -> Condition | None:
    """Return the condition of a request for this URL; None if its validators are those of another URL."""
    if condition is None or url_key(url) != condition.known.final_url_key:
        return None
    return condition


def add_condition(headers: httpx.Headers, condition: Condition) -> httpx.Headers:
    """Return the headers of a request, with its condition."""
    return httpx.Headers([*headers.items(), *condition.validators.to_headers().items()])


def to_unchanged(condition: Condition, url: Url, response: httpx.Response, requested_at: float) -> Unchanged | None:
    """Return the result of a response that answers a condition.

    Args:
        condition: the condition of the request.
        url: its URL.
        response: has one of the statuses `ANSWERS`.
        requested_at: when the request was sent, in Unix seconds.

    Returns:
        None if the response does not confirm the validators: the image must be requested without them.
    """
    is_confirmed = response.status_code == _NOT_MODIFIED and condition.validators.is_confirmed_by(response.headers)
    return Unchanged(condition, url, response.headers, requested_at) if is_confirmed else None
