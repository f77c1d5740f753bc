"""What the error of a text says that is no URL: the fault, without a secret."""

import pytest

from intake.model.error_codes import Blocked, IntakeError, InvalidUrl
from intake.model.url import Url, redact

SECRET = "S3cret7f"


def error_of(text: str) -> IntakeError:
    with pytest.raises(IntakeError) as caught:
        Url.parse(text)
    return caught.value


@pytest.mark.parametrize(
    ("fault", "texts"),
    [
        ("The URL is empty.", [""]),
        (
            "The scheme of `{}` is missing; a URL begins with `https://` or `http://`.",
            [
                *["example.com:8080/x.png", "www.example.com/x.png", "//host/x", "/pictures/x.png", "./x.png", "x.png"],
                *[
                    "localhost:8000/x.png",
                    "192.0.2.1:8080/x.png",
                    "example.com:/x",
                    "b\u00fccher.example/x",
                    "\u2603.net",
                ],
                *["https.example.com/x", "http-images.example/x.png"],
            ],
        ),
        (
            "The URL begins with `https:/`: expected `https://` or `http://`, and then a host.",
            ["https:/host", "https:/a/"],
        ),
        ("The URL begins with `http//`: expected `https://` or `http://`, and then a host.", ["http//host", "http//"]),
        (
            "The URL begins with `https:`: expected",
            ["https:", "https:a.example", "https:@a.example", "https:?x", "https:#"],
        ),
        ("The URL begins with `https:///`: expected", ["https:///x"]),
        ("The URL begins with `https;//`: expected", ["https;//a.example"]),
        ("The URL begins with `https: //`: expected", ["https: //a.example"]),
        ("The URL begins with U+FEFF ZERO WIDTH NO-BREAK SPACE (byte order mark); remove it.", ["\ufeffhttps://a/"]),
        ("The URL begins with U+200B ZERO WIDTH SPACE; remove it.", ["\u200bhttps://a/", "\u200ba.example"]),
        ("The URL begins with U+00A0 NO-BREAK SPACE; remove it.", ["\u00a0https://a.example/"]),
        ("The URL begins with U+202A LEFT-TO-RIGHT EMBEDDING; remove it.", ["\u202ahttps://a.example/"]),
        ("The URL begins with U+201C LEFT DOUBLE QUOTATION MARK; remove it.", ["\u201chttps://a.example/x.png\u201d"]),
        ("The URL begins with U+0022 QUOTATION MARK; remove it.", ['"https://a.example/x.png"', '"a.example"', '"']),
        ("The URL begins with U+0027 APOSTROPHE; remove it.", ["'https://a.example/x.png'"]),
        ("The URL begins with U+003C LESS-THAN SIGN; remove it.", ["<https://a.example/x.png>"]),
        ("The URL begins with U+003D EQUALS SIGN; remove it.", ['=HYPERLINK("https://a.example/x.png")']),
        ("The URL begins with U+005B LEFT SQUARE BRACKET; remove it.", ["[x](https://a.example/x.png)"]),
        ("The URL begins with U+0020 SPACE; remove it.", [" https://a.example/", "  ", " data:,x"]),
        ("The URL begins with U+0009 TAB; remove it.", ["\thttps://a.example/"]),
        ("The URL begins with other text than", ["Image: https://a.example/x", "url=https://a/", "1https://a/"]),
        ("The URL ends with U+000D CARRIAGE RETURN; remove or replace it.", ["https://a.example/x.png\r"]),
        ("The URL ends with U+000A LINE FEED; remove or replace it.", ["https://a.example/x.png\n", "a.example\n"]),
        ("The URL ends with U+3000 IDEOGRAPHIC SPACE; remove or replace it.", ["https://a.example/x.png\u3000"]),
        ("The URL has at position 18 U+005C REVERSE SOLIDUS; remove or replace it.", ["https://a.example\\x.png"]),
        ("The URL has at position 19 U+0000 NULL; remove or replace it.", ["https://a.example/\0x"]),
        ("The URL has at position 19 U+0085 CONTROL CHARACTER; remove or replace it.", ["https://a.example/\x85x"]),
        ("The URL has at position 19 U+D800 SURROGATE; remove or replace it.", ["https://a.example/\ud800x"]),
        ("The URL has at position 6 U+200B ZERO WIDTH SPACE; remove or replace it.", ["https\u200b://a.example"]),
        ("The URL has at position 6 U+FF1A FULLWIDTH COLON; remove or replace it.", ["https\uff1a//a.example"]),
        (
            "The URL has at position 5 U+0455 CYRILLIC SMALL LETTER DZE; remove or replace it.",
            ["http\u0455://a.example"],
        ),
        (
            "These are several URLs; send each of them as an image of its own.",
            [
                *["https://a.example/1 https://a.example/2", "https://a.example/1\nhttps://a.example/2"],
                *["http://a.example/1\r\n\r\nHTTPS://b.example/", "https://a.example/1,\u00a0http://a.example/2"],
            ],
        ),
        (
            "This is a path on a Windows machine, not a URL; put the image on a web server.",
            ["C:\\pictures\\x.png", "d:/x.png", "\\\\server\\share\\x.png"],
        ),
        (
            "The URL is longer than 4096 characters.",
            ["https://a.example/" + "x" * 4096, "x" * 10**6, "ftp:" + "x" * 4096],
        ),
        ("The URL has its scheme twice", ["https://https://a.example/x", "http://HTTPS:/a/", "https://http:///x"]),
        ("a user name or a password", ["https://u@a.example/", "https://u:p@a.example/"]),
        (
            "expected `host` or `host:port`",
            ["https://a:80:80/", "https://2001:db8::1/", "https://a:8O/", "https://[::1"],
        ),
    ],
)
def test_error_of_an_invalid_url_names_its_fault(fault: str, texts: list[str]) -> None:
    for text in texts:
        error = error_of(text)
        assert type(error) is InvalidUrl
        assert fault.replace("{}", text) in error.message


@pytest.mark.parametrize(
    "text",
    [
        *["https://proxy.example/https://a.example/x", "https://a.example/1,https://a.example/2"],
        *["https://a.example/?text=see https://b.example", "https://a.example/x\u200b"],
        *[
            "https://https.example/",
            "https://a.example/\u201cx\u201d",
            "https://a.example/x.png?a=1&amp;b=2",
            "https://a.example/a b",
        ],
    ],
)
def test_unusual_text_is_a_url_when_browsers_take_it_for_one(text: str) -> None:
    assert Url.parse(text).host in {"proxy.example", "a.example", "https.example"}


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        *[("s3n://", "s3n://bucket/key.png"), ("s3a://", "S3A://bucket/key"), ("gs://", "gs://bucket/key")],
        *[("gcs://", "gcs://b/k"), ("az://", "az://container/blob"), ("oss://", "oss://b/k"), ("r2://", "r2://b/k")],
        *[("abfss://", "abfss://files@account.example/x.png"), ("abfs://", "ABFS://a/x"), ("b2://", "b2://b/k")],
        *[("data:", f"data:image/png;base64,{'A' * size}") for size in (2, 5000, 10**6)],
        *[("data:", "DATA:,x"), ("file:", "file:///etc/passwd"), ("file:", "file:c:/x"), ("blob:", "blob:https://a/1")],
        *[("javascript:", "javascript:alert(1)"), ("mailto:", "mailto:a@a.example"), ("cid:", "cid:part1")],
    ],
)
def test_error_names_the_scheme_when_it_names_no_server(shown: str, text: str) -> None:
    error = error_of(text)
    assert type(error) is Blocked
    assert error.message.startswith(f"The service does not fetch this URL: `{shown}` is not `https://` or `http://`; ")
    assert len(error.message) < 200


@pytest.mark.parametrize("scheme", ["htps", "ttps", "hhttps", "httpss", "ttp"])
def test_error_names_the_scheme_when_it_is_misspelled(scheme: str) -> None:
    error = error_of(f"{scheme}://a.example/x.png")
    assert type(error) is Blocked
    assert f"its scheme is `{scheme}`, expected `https` or `http`" in error.message


@pytest.mark.parametrize(
    "text", ["ftp://a.example/", "sftp://a", "ws://a", "gopher://a", "httpsx://a", "foo:bar", "x:y:z"]
)
def test_url_of_another_protocol_has_the_message_of_every_blocked_url(text: str) -> None:
    error = error_of(text)
    assert (type(error), error.message) == (Blocked, Blocked.default_message)
    assert (error.reason or "").startswith("scheme ")


@pytest.mark.parametrize(
    "text",
    [
        *[
            f"{start}?{SECRET}"
            for start in ("", "x", "a.example/x", "//a/x", "https:", "https:/a", "http:///x", "Image: http://a")
        ],
        *[
            f"{start}{SECRET}@a.example/x"
            for start in ("", "u:", "//", "//u:", "https:u:", "https:", "https:/", "u ", "https://u:")
        ],
        *[f"u{at}{SECRET}" for at in ("@", "%40", "\uff20", "\ufe6b")],
        *[f"data:image/png;base64,{SECRET}", f"data:{SECRET},x", f" data:,{SECRET}", f"s3://b/{SECRET}", f"x#{SECRET}"],
        *[f"https://a.example/\n{SECRET}", f"https://a.example:{SECRET}/", f"https://a,b/?{SECRET}", f"C:\\{SECRET}"],
    ],
)
def test_error_repeats_no_secret(text: str) -> None:
    error = error_of(text)
    assert SECRET not in error.message
    assert SECRET.lower() not in (error.reason or "")


def test_error_repeats_at_most_80_characters_of_a_text_without_scheme() -> None:
    assert f"`{'x' * 80}…`" in error_of("x" * 4000).message


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ("data:image/png;base64", f"data:image/png;base64,{SECRET}"),
        ("DATA:", f"DATA:,{SECRET}"),
        ("data:image/png;base64", "data:image/png;base64"),
        ("https://a.example/data:,x", "https://a.example/data:,x"),
        ("", f"data:image/svg+xml,<a href='u:{SECRET}@b'>"),
    ],
)
def test_redacted_data_url_has_no_content(expected: str, text: str) -> None:
    assert expected == redact(text)
