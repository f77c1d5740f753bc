"""The errors of the client. Each is also the httpx error that an httpx user catches.

TransportError (httpx.TransportError)              there is no complete response
├── DnsError (httpx.ConnectError)                  the name has no address
├── ConnectError (httpx.ConnectError)              no address accepts a connection
├── TlsError (httpx.ConnectError)                  no TLS session, or a certificate that is not valid for the host
├── ConnectTimeout (httpx.ConnectTimeout)          no connection within `connect_timeout`
├── ReadTimeout (httpx.ReadTimeout)                no byte for `read_timeout`
├── ConnectionLost (httpx.ReadError)               the connection ended before the response or in its body
│   └── UncleanEnd                                 the body may be whole: TLS ended without close_notify
├── IncompleteBody (httpx.RemoteProtocolError)     the connection ended before the announced end of the body
└── MalformedResponse (httpx.RemoteProtocolError)  the bytes are not a response of HTTP/1.0 or HTTP/1.1
    └── InvalidContentLength                       the length of the body is not a number

InvalidRequest (httpx.LocalProtocolError)          the caller's request cannot be sent; no bytes were exchanged, or the
                                                   body differs from its announced length

`str(error)` is the reason, for a log: it may contain addresses, never a URL or its query. An exception of the resolver
that is not an OSError passes through unchanged.
"""

import httpx


class TransportError(httpx.TransportError):
    """There is no complete response."""


class DnsError(TransportError, httpx.ConnectError):
    """The name has no address."""


class ConnectError(TransportError, httpx.ConnectError):
    """No address accepts a connection."""


class TlsError(TransportError, httpx.ConnectError):
    """There is no TLS session, or the certificate is not valid for the host."""


class ConnectTimeout(TransportError, httpx.ConnectTimeout):
    """Lookup, connection and TLS handshake took longer than `connect_timeout`."""


class ReadTimeout(TransportError, httpx.ReadTimeout):
    """The peer sent nothing for `read_timeout`."""


class ConnectionLost(TransportError, httpx.ReadError):
    """The connection ended before the response, or in a body that only a clean end of the connection ends."""


class UncleanEnd(ConnectionLost):
    """A body that the end of the connection ends, over TLS without close_notify. All its bytes were returned.

    Many servers never send close_notify, but anybody on the path can end a connection without it (RFC 9112, 9.8). A
    caller that can prove otherwise that no byte is missing may use the body.
    """


class IncompleteBody(TransportError, httpx.RemoteProtocolError):
    """The connection ended before the announced end of the body."""


class MalformedResponse(TransportError, httpx.RemoteProtocolError):
    """The bytes are not a response of HTTP/1.0 or HTTP/1.1, or exceed a limit."""


class InvalidContentLength(MalformedResponse):
    """The Content-Length field is not a number, or is more than 2**63 - 1."""


class InvalidRequest(httpx.LocalProtocolError):
    """The caller's request cannot be sent as HTTP/1.1. It is a bug in the caller, so it is not a `TransportError`."""


def copy_error(error: TransportError) -> TransportError:
    """Copy an error that is kept: a raised one refers to the frames that it passed through, and so to bodies."""
    return type(error)(str(error))
