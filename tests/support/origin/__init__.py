"""A misbehaving HTTP server: every way an origin may respond, and the error code that the service must report for it.

`BEHAVIOURS` is a table, in the manner of httpbin: the first segment of a path selects the behaviour, for example
`/reset_in_body`. Every other path gets a valid response.
"""

from support.origin import (
    dropped_connections,
    framing,
    image_bodies,
    malformed_responses,
    redirects,
    slow_responses,
    statuses,
    unsolicited_bytes,
    valid_responses,
)
from support.origin.behaviour import BEHAVIOURS, IMAGE, MAX_BYTES, STORED, Behaviour, Request
from support.origin.server import Origin, origin_in_thread

__all__ = [
    "BEHAVIOURS",
    "IMAGE",
    "MAX_BYTES",
    "STORED",
    "Behaviour",
    "Origin",
    "Request",
    "dropped_connections",
    "framing",
    "image_bodies",
    "malformed_responses",
    "origin_in_thread",
    "redirects",
    "slow_responses",
    "statuses",
    "unsolicited_bytes",
    "valid_responses",
]
