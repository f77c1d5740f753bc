"""The tree of errors: what an httpx user catches, and that the drawing shows every class."""

import re

import httpx
import pytest

from intake.http_client import errors

CLASSES = [kind for kind in vars(errors).values() if isinstance(kind, type) and kind.__module__ == errors.__name__]


@pytest.mark.parametrize(
    ("kind", "caught_as"),
    [
        (errors.TransportError, httpx.TransportError),
        (errors.DnsError, httpx.ConnectError),
        (errors.ConnectError, httpx.ConnectError),
        (errors.TlsError, httpx.ConnectError),
        (errors.ConnectTimeout, httpx.ConnectTimeout),
        (errors.ReadTimeout, httpx.ReadTimeout),
        (errors.ConnectionLost, httpx.ReadError),
        (errors.IncompleteBody, httpx.RemoteProtocolError),
        (errors.MalformedResponse, httpx.RemoteProtocolError),
        (errors.InvalidContentLength, httpx.RemoteProtocolError),
        (errors.InvalidRequest, httpx.LocalProtocolError),
    ],
)
def test_error_is_also_the_error_of_httpx(kind: type[Exception], caught_as: type[httpx.TransportError]) -> None:
    assert issubclass(kind, caught_as)
    assert str(kind("reason")) == "reason"


def test_tree_at_the_top_of_the_module_shows_every_class() -> None:
    shown = re.findall(r"^\W*(\w+) \((?:httpx)|└── (\w+) ", errors.__doc__ or "", re.MULTILINE)

    assert {first or second for first, second in shown} == {kind.__name__ for kind in CLASSES}


def test_every_error_of_a_peer_is_a_transport_error() -> None:
    assert [kind.__name__ for kind in CLASSES if not issubclass(kind, errors.TransportError)] == ["InvalidRequest"]
