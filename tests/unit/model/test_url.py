"""`Url.parse`: what a URL is parsed into, and which texts are refused."""

import pytest

from intake.model.error_codes import Blocked, InvalidUrl
from intake.model.url import MAX_URL_LENGTH, Url


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        (Url("https", "a.example", 443, "/"), "https://a.example"),
        (Url("http", "a.example", 80, "/"), "http://a.example/"),
        (Url("https", "a.example", 8443, "/x?y=1"), "https://a.example:8443/x?y=1#fragment"),
        (Url("https", "a.example", 443, "/?y=1"), "https://a.example?y=1"),
        (Url("https", "a.example", 443, "/"), "HTTPS://A.EXAMPLE#x"),
        (Url("https", "a.example", 443, "/"), "https://a.example.:443"),
        (Url("https", "a.example", 443, "/"), "https://a.example:/"),
        (Url("http", "a.example", 443, "/"), "http://a.example:0443"),
        (Url("http", "a.example", 65535, "/"), "http://a.example:65535"),
        (Url("http", "192.0.2.1", 80, "/"), "http://192.0.2.1/"),
        (Url("http", "192.0.2.1", 80, "/"), "http://192.0.2.1./"),
        (Url("http", "2001:db8::1", 80, "/"), "http://[2001:DB8:0::0001]/"),
        (Url("http", "::ffff:192.0.2.1", 8080, "/"), "http://[::ffff:c000:201]:8080/"),
    ],
)
def test_parse_returns_scheme_host_port_and_target(expected: Url, text: str) -> None:
    assert expected == Url.parse(text)


@pytest.mark.parametrize(
    ("expected", "target"),
    [
        ("/a%2Fb%7Ec/%e4?X-Sig=a%2Bb%3D+%20", "/a%2Fb%7Ec/%e4?X-Sig=a%2Bb%3D+%20"),
        ("/%", "/%"),
        ("/%zz?%", "/%zz?%"),
        ("//a//b/../c/./", "//a//b/../c/./"),
        ("/a;b,c!$&'()*+=@:[]~_-.", "/a;b,c!$&'()*+=@:[]~_-."),
        ("/?a;b,c!$&'()*+=@:[]~_-./?", "/?a;b,c!$&'()*+=@:[]~_-./?"),
        ("/%22%3C%3E%60%7B%7D%7C%5E?%22%3c%3e", '/"<>`{}|^?%22%3c%3e'),
        ("/%7Bid%7D?q=%7C%22a%22%5E", '/{id}?q=|"a"^'),
        ("/100%%20%C3%A9%25", "/100% é%25"),
        ("/a?x=1&amp;y=%E2%80%9C2%E2%80%9D", "/a?x=1&amp;y=“2”"),
        ("/a%E2%80%8Bb%C2%A0c", "/a\u200bb\u00a0c"),
        ("/a%20b?c%20d", "/a b?c d"),
        ("/%C3%A4?%E2%82%AC=%F0%9F%92%A9", "/ä?€=💩"),
        ("/?", "?"),
        ("/?a?b/c", "?a?b/c"),
        ("/user@2x.png", "/user@2x.png"),
    ],
)
def test_path_and_query_are_sent_as_written(expected: str, target: str) -> None:
    """Signed URLs must survive; only characters that RFC 3986 permits nowhere are percent-encoded."""
    assert expected == Url.parse("https://a.example" + target).target


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a.example/x",
        "/x",
        "//a.example/x",
        "https:",
        "https:a.example",
        "https:/a.example",
        "https://",
        "https:///x",
        "https://?x",
        "https://#x",
        "1https://a.example",
        " https://a.example",
        "https://a.example ",
        "https://a.example\u2028",
        "\ufeffhttps://a.example",
        "https://a.example/\n",
        "https://a.example/\tx",
        "https://a.example/\x00",
        "https://a.example/\x7f",
        "https://a.example/\x85x",
        "https://a.example/\x9fx",
        "https://a.example/ ",
        "https://a.example/?x\u3000",
        "java\nscript://a.example",
        "https://a.example\\@b.example/",
        "https:\\\\a.example",
        "https://a.example/\ud800",
        "https://\udfff.example/",
    ],
)
def test_text_is_refused_when_it_is_not_a_url(text: str) -> None:
    with pytest.raises(InvalidUrl):
        Url.parse(text)


@pytest.mark.parametrize("authority", ["u@a", "u:p@a", "@a", ":@a", "u%40b@a", "a@[::1]", "a.example:80@b", "u:p@b:80"])
def test_url_is_refused_when_it_has_credentials(authority: str) -> None:
    with pytest.raises(InvalidUrl, match="a user name or a password"):
        Url.parse(f"https://{authority}/")


@pytest.mark.parametrize(
    "port", ["0", "00", "65536", "99999", "9" * 4000, "-1", "+80", "8O", "0x50", "\uff18\uff10", "80:80"]
)
def test_port_is_refused_when_it_is_not_from_1_to_65535(port: str) -> None:
    with pytest.raises(InvalidUrl):
        Url.parse(f"https://a.example:{port}/")


@pytest.mark.parametrize(
    "text", ["ftp://a.example/", "file:///etc/passwd", "gopher://a", "data:image/png;base64,AA", "httpsx://a", "ws://a"]
)
def test_url_is_blocked_when_its_scheme_is_not_http(text: str) -> None:
    with pytest.raises(Blocked, match="does not fetch this URL"):
        Url.parse(text)


def test_url_is_refused_when_longer_than_4096_characters() -> None:
    beginning = "https://a.example/"
    longest = beginning + "x" * (MAX_URL_LENGTH - len(beginning))
    assert longest == str(Url.parse(longest))
    with pytest.raises(InvalidUrl, match="longer than 4096"):
        Url.parse(longest + "x")


def test_url_is_refused_when_too_long_once_percent_encoded() -> None:
    """Three bytes of UTF-8 are sent as nine characters."""
    with pytest.raises(InvalidUrl, match="percent-encoded"):
        Url.parse("https://a.example/" + "€" * 1000)


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        (("https://a.example", "a.example"), "https://a.example:443/x"),
        (("https://a.example:80", "a.example:80"), "https://a.example:80/x"),
        (("http://[::1]", "[::1]"), "http://[::1]:80/"),
        (("http://[::1]:81", "[::1]:81"), "http://[::1]:81/"),
    ],
)
def test_origin_has_no_port_when_it_is_the_default(expected: tuple[str, str], text: str) -> None:
    url = Url.parse(text)
    assert expected == (url.origin, url.authority)
