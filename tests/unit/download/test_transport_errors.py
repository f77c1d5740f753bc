"""Every error of the HTTP client has an error code of the service."""

from collections.abc import Iterator

import pytest

from intake.download.transport_errors import to_download_error
from intake.http_client import errors as http
from intake.model import error_codes as model


def _subclasses(parent: type[http.TransportError]) -> Iterator[type[http.TransportError]]:
    for child in parent.__subclasses__():
        yield child
        yield from _subclasses(child)


CODES = {
    "DnsError": "dns_failure",
    "ConnectError": "connect_failed",
    "TlsError": "tls_failed",
    "ConnectTimeout": "timeout",
    "ReadTimeout": "timeout",
    "ConnectionLost": "connection_lost",
    "UncleanEnd": "connection_lost",
    "IncompleteBody": "incomplete_body",
    "MalformedResponse": "bad_response",
    "InvalidContentLength": "bad_response",
}


@pytest.mark.parametrize("kind", [*_subclasses(http.TransportError)], ids=lambda kind: kind.__name__)
def test_every_error_of_the_client_becomes_an_error_with_a_code(kind: type[http.TransportError]) -> None:
    """The client's text is the reason, for the log: the message says nothing of addresses."""
    error = to_download_error(kind("to 192.0.2.1"))

    assert (error.code, error.reason) == (CODES[kind.__name__], "to 192.0.2.1")
    assert "192.0.2.1" not in error.message


def test_invalid_content_length_has_a_message_of_its_own() -> None:
    error = to_download_error(http.InvalidContentLength("Content-Length is not a number"))

    assert error.message == "The origin announced a length that is not a number."
    assert to_download_error(http.MalformedResponse("")).message == model.BadResponse.default_message
