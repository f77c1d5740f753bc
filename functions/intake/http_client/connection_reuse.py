"""The rule of when a pooled connection can carry another request."""

from intake.http_client.connection import Connection


def is_reusable(connection: Connection) -> bool:
    """Whether a pooled connection can carry another request.

    Its last response must be complete and must not have announced the end of the connection (RFC 9112, 9.3), and
    nothing may have arrived since: unsolicited bytes would be taken for the next response (RFC 9112, 9.2).
    """
    return not connection.must_close and not connection.has_unread_input()
