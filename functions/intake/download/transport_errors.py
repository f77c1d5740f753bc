"""Maps the errors of the HTTP client to the error codes of the service."""

from intake.http_client import errors as http
from intake.model.error_codes import (
    BadResponse,
    ConnectFailed,
    ConnectionLost,
    DnsFailure,
    IncompleteBody,
    IntakeError,
    Timeout,
    TlsFailed,
)

_CODES: dict[type[http.TransportError], type[IntakeError]] = {
    http.DnsError: DnsFailure,
    http.ConnectError: ConnectFailed,
    http.TlsError: TlsFailed,
    http.ConnectTimeout: Timeout,
    http.ReadTimeout: Timeout,
    http.ConnectionLost: ConnectionLost,
    http.UncleanEnd: ConnectionLost,
    http.IncompleteBody: IncompleteBody,
    http.MalformedResponse: BadResponse,
    http.InvalidContentLength: BadResponse,
}

_MESSAGES: dict[type[http.TransportError], str] = {
    http.InvalidContentLength: "The origin announced a length that is not a number.",
}
"""Messages that are more precise than the default message of the code."""


def to_download_error(error: http.TransportError) -> IntakeError:
    """Return the error that callers of the service see. Its reason, for the log, is the text of the given error."""
    kind = type(error)
    return _CODES[kind](_MESSAGES.get(kind), reason=str(error))
