"""The `Location` of a redirect, from its bytes to the URL that is requested next."""

from urllib.parse import quote, unquote_to_bytes

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.download.redirect_location import redirect_location
from intake.model.error_codes import BadRedirect, Blocked
from intake.model.url import Url

PAGE = Url.parse("http://a.example/b/c?d")


def location_of(*values: bytes, others: tuple[tuple[bytes, bytes], ...] = ()) -> str:
    location = redirect_location(302, httpx.Headers([*others, *((b"Location", value) for value in values)]))
    assert location is not None
    return location


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_status_returns_its_location(status: int) -> None:
    assert redirect_location(status, httpx.Headers({"location": "/x"})) == "/x"


@pytest.mark.parametrize("status", [200, 201, 300, 304, 305, 306, 309, 404, 503])
def test_location_of_any_other_status_is_ignored(status: int) -> None:
    assert redirect_location(status, httpx.Headers({"location": "/x"})) is None


@pytest.mark.parametrize("values", [[], [b"/x", b"/y"], [b"/x", b"/X"], [b"", b"/x"], [b"/x", b"/x", b"/x#"]])
def test_redirect_without_location_or_with_different_ones_is_refused(values: list[bytes]) -> None:
    with pytest.raises(BadRedirect):
        location_of(*values)


def test_location_that_is_sent_twice_is_one() -> None:
    assert location_of(b"/\xe9", b"/\xe9", b"/\xe9") == "/%E9"


@pytest.mark.parametrize(
    "text",
    ["caf\u00e9.jpg", "\u043a\u0430\u0440\u0442\u0438\u043d\u0430.png", "\u753b\u50cf.png", "\u8868\u30bd\u80fd.png"],
)
@pytest.mark.parametrize("charset", ["latin-1", "cp1251", "shift_jis", "utf-8", "gbk", "big5", "euc_jp"])
@pytest.mark.parametrize(
    "reference", ["/{}", "{}", "../{}?q={}", "//b.example/{}", "http://b.example:80/{}#{}", "?{}", "./{}/"]
)
def test_bytes_of_any_charset_are_percent_encoded_as_they_are(reference: str, charset: str, text: str) -> None:
    """In Shift_JIS, the second byte of the last text's characters is that of a backslash."""
    try:
        raw = text.encode(charset)
    except UnicodeEncodeError:
        return
    url = PAGE.follow(location_of(reference.replace("{}", "\0").encode().replace(b"\0", raw)))
    expected = PAGE.follow(reference.replace("{}", quote(raw)))

    assert url.origin == expected.origin
    assert unquote_to_bytes(url.target) == unquote_to_bytes(expected.target)
    assert url.target.isascii()


@pytest.mark.parametrize(
    "others", [((b"Server", b"\xe9"),), ((b"Server", "\u00e9".encode()),), ((b"X-\xff", b"\x80"),)]
)
def test_bytes_of_another_field_do_not_change_the_location(others: tuple[tuple[bytes, bytes], ...]) -> None:
    """Httpx decodes all fields with one charset."""
    assert location_of("/\u00e9".encode(), others=others) == "/%C3%A9"
    assert location_of(b"/\xe9", others=others) == "/%E9"


@pytest.mark.parametrize(
    ("expected", "raw"),
    [
        ("http://xn--bcher-kva.example/%E9", b"//b\xc3\xbccher.example/\xe9"),
        ("https://xn--bcher-kva.example/?%C3%A9", b"https://b\xc3\xbccher.example?\xc3\xa9"),
        ("http://a.example/b/%E9:x", b"\xe9:x"),
        ("http://a.example/b/%E9//x", b"\xe9//x"),
        ("http://a.example/%20%85", b"/ \x85"),
        ("http://a.example/%FF%FE", b"/\xff\xfe"),
    ],
)
def test_host_is_decoded_as_utf_8_and_the_rest_is_not(expected: str, raw: bytes) -> None:
    assert expected == str(PAGE.follow(location_of(raw)))


@pytest.mark.parametrize(
    "raw",
    [
        *(
            b"//b\xfccher.example/",
            b"http://\x83\x5c.example/",
            b"http://user:p\xe9@b.example/",
            b"//us\xc3\xa9r@b.example/",
        ),
        *(b"/a\\b", b"\\\\b.example\\c", b"/\xc3\xa9\\b", b"///b.example/\xe9", b"/\xe9\x00", b"/\xe9\t", b"/\x07\xe9"),
        *(b"http:///\xe9", b"\\\xe9", b"/\xe9 \\", b"/" + b"\xe9" * 1400),
    ],
)
def test_location_that_is_no_url_in_any_charset_is_refused(raw: bytes) -> None:
    with pytest.raises(BadRedirect):
        PAGE.follow(location_of(raw))


@given(st.binary(max_size=40))
def test_any_bytes_become_a_url_or_are_refused(raw: bytes) -> None:
    try:
        url = PAGE.follow(location_of(raw))
    except (BadRedirect, Blocked):
        return
    assert str(url).isascii()
    assert "\\" not in str(url)
