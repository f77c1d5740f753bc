"""`Url.follow`: the URL that a redirect leads to."""

import pytest

from intake.model.errors import BadRedirect, Blocked
from intake.model.url import MAX_URL_LENGTH, Url

PAGE = Url.parse("http://a/b/c/d;p?q")


@pytest.mark.parametrize(
    ("expected", "location"),
    [
        ("http://a/b/c/g", "g"),
        ("http://a/b/c/g", "./g"),
        ("http://a/b/c/g/", "g/"),
        ("http://a/g", "/g"),
        ("http://g/", "//g"),
        ("http://a/b/c/d;p?y", "?y"),
        ("http://a/b/c/g?y", "g?y"),
        ("http://a/b/c/d;p?q", "#s"),
        ("http://a/b/c/g", "g#s"),
        ("http://a/b/c/g?y", "g?y#s"),
        ("http://a/b/c/;x", ";x"),
        ("http://a/b/c/g;x?y", "g;x?y#s"),
        ("http://a/b/c/", "."),
        ("http://a/b/c/", "./"),
        ("http://a/b/", ".."),
        ("http://a/b/", "../"),
        ("http://a/b/g", "../g"),
        ("http://a/", "../.."),
        ("http://a/g", "../../g"),
        ("http://a/g", "../../../g"),
        ("http://a/g", "/./g"),
        ("http://a/g", "/../g"),
        ("http://a/b/c/g.", "g."),
        ("http://a/b/c/..g", "..g"),
        ("http://a/b/c/g/h", "./g/./h"),
        ("http://a/b/c/h", "g/../h"),
        ("http://a/b/c/g?y/../x", "g?y/../x"),
    ],
)
def test_follow_resolves_relative_location_by_rfc_3986(expected: str, location: str) -> None:
    """The table of its section 5.4."""
    assert expected == str(PAGE.follow(location))


@pytest.mark.parametrize(
    ("expected", "location"),
    [
        ("https://b.example/%2f?s=%2B", "https://b.example/%2f?s=%2B"),
        ("https://b.example:8443/", "https://b.example:8443"),
        ("https://b.example/a/../c", "https://b.example/a/../c"),
        ("http://a/b//c/%7Eg?s=a%2Fb", "/b//c/%7Eg?s=a%2Fb"),
        ("http://a/b/c/g?", "g?"),
        ("http://a/b/c/d;p?", "?"),
        ("http://a//g", "../../..//g"),
        ("http://a/%2e%2e/g", "/%2e%2e/g"),
        ("http://a/g%20h", "/g h"),
        ("http://a/%C3%A4", "/ä"),
        ("http://xn--bcher-kva.example/", "//bücher.example"),
    ],
)
def test_follow_keeps_every_byte_that_the_origin_may_have_signed(expected: str, location: str) -> None:
    assert expected == str(PAGE.follow(location))


def test_follow_keeps_empty_segment_of_the_page() -> None:
    page = Url.parse("http://a/b//c")
    assert Url.parse("http://a/b//g") == page.follow("g")


@pytest.mark.parametrize(
    "location",
    [
        *["", " ", " /g", "/g ", "/g\n", "\t/g", "/g\x00", "/\r\nx: y", "/\x7f", "\\g", "//b\\@c", "/\ud800"],
        *[
            "//",
            "///g",
            "http:",
            "http:g",
            "http:/g",
            "http://",
            "https://u:p@b/",
            "//u@b/",
            "http://b:0/",
            "//b:65536",
        ],
        *["//[::1", "//[fe80::1%25eth0]/", "http://127.1/", "//0x7f000001", "http://a..b/", "/" + "x" * MAX_URL_LENGTH],
        "./" * MAX_URL_LENGTH,
    ],
)
def test_follow_raises_bad_redirect_when_location_is_not_a_url(location: str) -> None:
    with pytest.raises(BadRedirect):
        PAGE.follow(location)


@pytest.mark.parametrize(
    "location", ["ftp://b/", "file:///etc/passwd", "javascript:x", "data:,x", "b:80", "GOPHER://b"]
)
def test_redirect_is_blocked_when_its_scheme_is_not_http(location: str) -> None:
    with pytest.raises(Blocked):
        PAGE.follow(location)
