"""`Url.parse`: what a URL is parsed into, and which texts are refused."""

import pytest

from intake.model.errors import Blocked, InvalidUrl
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
    "host",
    ["a_b.example", "_a.example", "-a.example", "a-.example", "localhost", "xn--a", "1a", "0xg", "1.2.3.4a", "a" * 63],
)
def test_host_is_accepted_when_it_is_odd_but_exists(host: str) -> None:
    assert host == Url.parse(f"https://{host}/").host


@pytest.mark.parametrize(
    ("expected", "target"),
    [
        ("/a%2Fb%7Ec/%e4?X-Sig=a%2Bb%3D+%20", "/a%2Fb%7Ec/%e4?X-Sig=a%2Bb%3D+%20"),
        ("/%", "/%"),
        ("/%zz?%", "/%zz?%"),
        ("//a//b/../c/./", "//a//b/../c/./"),
        ("/a;b,c!$&'()*+=@:[]|^`{}\"<>~", "/a;b,c!$&'()*+=@:[]|^`{}\"<>~"),
        ("/a%20b?c%20d", "/a b?c d"),
        ("/%C3%A4?%E2%82%AC=%F0%9F%92%A9", "/ä?€=💩"),
        ("/?", "?"),
        ("/?a?b/c", "?a?b/c"),
        ("/user@2x.png", "/user@2x.png"),
    ],
)
def test_path_and_query_are_sent_as_written(expected: str, target: str) -> None:
    """Signed URLs must survive; only characters that HTTP does not allow are percent-encoded."""
    assert expected == Url.parse("https://a.example" + target).target


@pytest.mark.parametrize(
    ("expected", "host"),
    [
        ("xn--bcher-kva.example", "bücher.example"),
        ("xn--bcher-kva.example", "BÜCHER.example."),
        ("xn--fa-hia.example", "faß.example"),
        ("c.example", "\u2102.example"),
        ("ab.example", "a\u00adb.example"),
        ("a.example", "\u200ba.example"),
        ("a.example", "a\u3002example"),
        ("127.0.0.1", "\uff11\uff12\uff17.0.0.1"),
        ("127.0.0.1", "127\uff0e0\u30020\uff611"),
    ],
)
def test_internationalised_host_is_converted_to_ascii(expected: str, host: str) -> None:
    assert expected == Url.parse(f"http://{host}/").host


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
    "host",
    [
        *[
            "127.1",
            "127.0.1",
            "2130706433",
            "0",
            "0177.0.0.1",
            "0x7f.0.0.1",
            "0X7F000001",
            "0x7f.1",
            "127.0.0.0x1",
            "0x",
        ],
        *["127.0.0.01", "127.0.0.001", "256.0.0.1", "1.2.3.4.5", "1.2.3.4294967296", "017700000001", "a.1", "a.0x1F."],
        *["1.2.3.4..", "\uff11", "127\u30021", "0\uff587f.1"],
    ],
)
def test_ipv4_address_is_refused_when_it_is_not_canonical(host: str) -> None:
    """inet_aton accepts these, and filters miss them."""
    with pytest.raises(InvalidUrl):
        Url.parse(f"http://{host}/")


@pytest.mark.parametrize(
    "host",
    [
        *[
            "[]",
            "[::1",
            "::1]",
            "::1",
            "[::1]x",
            "x[::1]",
            "[[::1]]",
            "[fe80::1%25eth0]",
            "[fe80::1%eth0]",
            "[fe80::1%]",
        ],
        *["[v1.x]", "[127.0.0.1]", "[::127.0.0.01]", "[1::2::3]", "[12345::]", "[::g]", "[\uff1a\uff1a1]"],
    ],
)
def test_ipv6_address_is_refused_when_malformed_or_with_zone(host: str) -> None:
    with pytest.raises(InvalidUrl):
        Url.parse(f"http://{host}/")


@pytest.mark.parametrize(
    "host",
    [
        *[
            "a..b",
            ".a",
            ".",
            "..",
            "a b",
            "a%62c",
            "%31%32%37.0.0.1",
            "a,b",
            "a*b",
            "a|b",
            "a'b",
            "a;b",
            "a!b",
            "a" * 64,
        ],
        *[
            ".".join(["a" * 63] * 4),
            "bü..example",
            "user\uff20a.example",
            "a\uff0fb.example",
            "ü" * 300,
            "a\u2488example",
        ],
    ],
)
def test_host_is_refused_when_it_is_not_a_host_name(host: str) -> None:
    with pytest.raises(InvalidUrl):
        Url.parse(f"http://{host}/")


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
