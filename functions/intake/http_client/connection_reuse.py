"""The rules of when a pooled connection can carry another request, and of what a failure on one means."""

from intake.http_client.connection import Connection
from intake.http_client.errors import ConnectionLost
from intake.http_client.response_head import ResponseHead
from intake.http_client.socket_state import has_unread_input

REQUEST_TIMEOUT = 408


def is_reusable(connection: Connection) -> bool:
    """Whether a pooled connection can carry another request.

    Its last response must be complete and must not have announced the end of the connection (RFC 9112, 9.3), and
    nothing may have arrived since: unsolicited bytes would be taken for the next response (RFC 9112, 9.2).
    """
    transport = connection.transport
    return transport is not None and not connection.must_close and not has_unread_input(transport)


def is_lost_unanswered(connection: Connection, error: BaseException) -> bool:
    """Whether a request failed because its reused connection ended before the first byte of a response.

    A server may close an idle connection at any time, also while a request is on its way (RFC 9112, 9.3.1 and 9.5).
    The end says nothing about the request then. A new connection that ends in this way does.
    """
    return connection.is_reused and not connection.has_received and isinstance(error, ConnectionLost)


def is_idle_timeout(connection: Connection, head: ResponseHead) -> bool:
    """Whether a response reports that a reused connection was idle for too long, and does not answer the request.

    Some servers send 408 before they close an idle connection, possibly while the next request is on its way (RFC 9110,
    15.5.9: the client may repeat the request on a new connection).
    """
    return connection.is_reused and head.status == REQUEST_TIMEOUT and not head.is_persistent
