"""Where a redirect leads."""

import pytest

from intake.model.errors import BadRedirect, Blocked
from intake.model.url import MAX_URL_LENGTH, Url

HERE = Url.parse("http://a/b/c/d;p?q")


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
def test_a_relative_location_is_resolved_as_rfc_3986_says(expected: str, location: str) -> None:
    """The table of its section 5.4."""
    assert expected == str(HERE.follow(location))


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
def test_a_location_keeps_every_byte_that_the_origin_signed(expected: str, location: str) -> None:
    assert expected == str(HERE.follow(location))


def test_an_empty_segment_of_the_page_itself_is_kept() -> None:
    here = Url.parse("http://a/b//c")
    assert Url.parse("http://a/b//g") == here.follow("g")


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
def test_what_is_no_url_is_no_redirect(location: str) -> None:
    with pytest.raises(BadRedirect):
        HERE.follow(location)


@pytest.mark.parametrize(
    "location", ["ftp://b/", "file:///etc/passwd", "javascript:x", "data:,x", "b:80", "GOPHER://b"]
)
def test_a_redirect_to_another_scheme_is_blocked(location: str) -> None:
    with pytest.raises(Blocked):
        HERE.follow(location)
