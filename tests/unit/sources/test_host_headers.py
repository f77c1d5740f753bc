"""`parse_host_headers`: what each kind of entry becomes, and that a fault contains nothing of the entry."""

from base64 import b64decode
from typing import Any

import pytest

from intake.sources.host_headers import HostHeaders, InvalidEntry, parse_host_headers

SECRET = "Canary-4f1d"


def fault_of(entry: object) -> str:
    with pytest.raises(InvalidEntry) as caught:
        parse_host_headers(entry)
    assert SECRET not in str(caught.value)
    assert SECRET not in repr(caught.value.__context__)
    return str(caught.value)


@pytest.mark.parametrize("token", ["t", "eyJhbGciOi.J9.a-_~+/==", "ghp_1", "a:b,c;d", "!#$%&'*|~"])
def test_bearer_is_the_token_after_its_scheme(token: str) -> None:
    assert parse_host_headers({"bearer": token}) == HostHeaders({"Authorization": f"Bearer {token}"})


@pytest.mark.parametrize(
    ("expected", "value"),
    [
        ("user:password", "user:password"),
        ("u:p:q", "u:p:q"),
        (":", ":"),
        ("Jörg:pässword €", "Jörg:pässword €"),
        ("user:pass:word", {"username": "user", "password": "pass:word"}),
        ("u s:", {"username": "u s", "password": ""}),
    ],
)
def test_basic_is_user_and_password_in_base64(expected: str, value: object) -> None:
    field = parse_host_headers({"basic": value}).fields["Authorization"]
    assert field.startswith("Basic ")
    assert b64decode(field.removeprefix("Basic "), validate=True).decode() == expected


@pytest.mark.parametrize(
    "fields",
    [
        {"X-Api-Key": "k"},
        {"x-api-key": "a b\tc", "X_Other": "\x21~"},
        {"Authorization": "Token abc"},
        {"Accept": "application/octet-stream", "User-Agent": "agreed/1"},
        {"Private-Token": "t", "Iffy": "x", "Hosts": "x", "Ranges": "x", "Proxyless": "x"},
    ],
)
def test_headers_are_sent_as_they_are(fields: dict[str, str]) -> None:
    assert parse_host_headers({"headers": fields}) == HostHeaders(fields)


@pytest.mark.parametrize(
    "name",
    [
        *("Host", "host", "COOKIE", "Cookie2", "Accept-Encoding", "Content-Length", "Transfer-Encoding", "Connection"),
        *("Keep-Alive", "TE", "te", "Trailer", "Upgrade", "HTTP2-Settings", "Expect", "Range", "If-None-Match"),
        *(
            "If-Modified-Since",
            "if-range",
            "If-" + SECRET,
            "Proxy-Authorization",
            "proxy-connection",
            "Proxy-" + SECRET,
        ),
    ],
)
def test_header_that_the_service_sets_itself_is_refused(name: str) -> None:
    assert "is not allowed; the service sets" in fault_of({"headers": {"X-Api-Key": SECRET, name: SECRET}})


@pytest.mark.parametrize(
    "name", ["", " ", "X Api", "X:Api", "X-Api\r\nHost", "X\0", "Ключ", "X-Äpi", '"X"', f"{SECRET} "]
)
def test_name_that_is_no_token_is_refused(name: str) -> None:
    assert fault_of({"headers": {name: SECRET}}) == (
        "headers: expected names of letters, digits and hyphens, got another one"
    )


@pytest.mark.parametrize(
    "value",
    ["", " ", f"{SECRET}\r\nHost: a", f"{SECRET}\n", f" {SECRET}", f"{SECRET}\0", f"é{SECRET}", "\x7f", "\t", "€"],
)
def test_value_that_no_header_can_have_is_refused(value: str) -> None:
    assert "expected values of visible ASCII" in fault_of({"headers": {"X-Api-Key": value}})
    assert "bearer: expected the token alone" in fault_of({"bearer": value})


@pytest.mark.parametrize(
    ("expected", "entry"),
    [
        ("expected an object, got another text", SECRET),
        ("expected an object, got null", None),
        ("expected an object, got a list", [SECRET]),
        ("expected an object, got a number, true or false", 7),
        ("exactly one of bearer, basic and headers, got 0 members", {}),
        ("exactly one of bearer, basic and headers, got 2 members", {"bearer": SECRET, "basic": f"u:{SECRET}"}),
        ("exactly one of bearer, basic and headers, got 2 members", {"bearer": SECRET, SECRET: 1}),
        ("exactly one of bearer, basic and headers, got 1 members", {SECRET: SECRET}),
        ("exactly one of bearer, basic and headers, got 1 members", {"Bearer": SECRET}),
        ("without spaces, got another text", {"bearer": f"Bearer {SECRET}"}),
        ("without spaces, got a number, true or false", {"bearer": True}),
        ('expected "user:password", or username and password, got another text', {"basic": SECRET}),
        ("got an object with other members", {"basic": {"username": SECRET}}),
        ("got an object with other members", {"basic": {"username": SECRET, "password": SECRET, "x": SECRET}}),
        ("got an empty object", {"basic": {}}),
        ("expected a password without control characters, got null", {"basic": {"username": "u", "password": None}}),
        ("expected a username without control characters", {"basic": f"u\0{SECRET}:p"}),
        ("expected a password without control characters", {"basic": f"u:{SECRET}\n"}),
        ("expected a password without control characters", {"basic": f"u:{SECRET}\ud800"}),
        ("expected a username without a colon", {"basic": {"username": f"{SECRET}:x", "password": "p"}}),
        ("headers: expected an object with names and values, got an empty object", {"headers": {}}),
        ("headers: expected an object with names and values, got a list", {"headers": [["X", SECRET]]}),
        ("headers: expected each name once", {"headers": {"X-Key": SECRET, "x-key": SECRET}}),
        ("got a number, true or false", {"headers": {"X-Key": 7}}),
        ("got a list", {"headers": {"X-Key": [SECRET]}}),
    ],
)
def test_fault_of_an_entry_names_what_is_expected_and_no_value(expected: str, entry: object) -> None:
    assert expected in fault_of(entry)


@pytest.mark.parametrize("entry", [{"bearer": SECRET}, {"basic": f"u:{SECRET}"}, {"headers": {"X": SECRET}}])
def test_text_of_the_headers_does_not_contain_them(entry: dict[str, Any]) -> None:
    headers = parse_host_headers(entry)
    [value] = headers.fields.values()
    assert value not in f"{headers} {headers!r}"
