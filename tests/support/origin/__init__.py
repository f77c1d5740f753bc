"""An ill-mannered server: every way in which an origin may answer, and what the service must say of it.

`BEHAVIOURS` is the table, in the manner of httpbin: the first part of a path names how the server behaves there,
`/reset_in_body` for one. A path that names none is answered well.
"""

from support.origin import breaking, framing, healthy, images, leftovers, redirects, statuses, timing
from support.origin.behaviour import BEHAVIOURS, IMAGE, MOST, STORED, Behaviour, Request
from support.origin.server import Origin, in_a_thread

__all__ = [
    "BEHAVIOURS",
    "IMAGE",
    "MOST",
    "STORED",
    "Behaviour",
    "Origin",
    "Request",
    "breaking",
    "framing",
    "healthy",
    "images",
    "in_a_thread",
    "leftovers",
    "redirects",
    "statuses",
    "timing",
]
