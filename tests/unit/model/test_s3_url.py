"""`s3://` URLs: the key is literal, and only `?versionId=` at the very end is no part of it."""

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.known.url_key import is_signed, url_key
from intake.model.error_codes import Blocked, InvalidUrl
from intake.model.s3_url import MAX_KEY_BYTES, is_bucket_name
from intake.model.shown_text import redact_message
from intake.model.url import MAX_URL_LENGTH, Url, redact

KEYS = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=60)
LONGEST_KEY = "k" * MAX_KEY_BYTES


@pytest.mark.parametrize(
    ("target", "key"),
    [
        ("/a.jpg", "a.jpg"),
        ("/lot%207/a%2Bb%20c.jpg", "lot 7/a+b c.jpg"),
        ("/a%2520b.jpg", "a%20b.jpg"),
        ("/a%23b%3Fc%26d%3De.jpg", "a#b?c&d=e.jpg"),
        ("//a//b/", "/a//b/"),
        ("/./a/../b.jpg", "./a/../b.jpg"),
        ("/%C3%A4%E2%82%AC%F0%9F%92%A9.jpg", "ä€💩.jpg"),
        ("/a%20", "a "),
        ("/a%5Cb%22%3C%3E%60%7B%7D%7C%5E~-_.%21%27%28%29%2A%3A%3B%40%2C%24", "a\\b\"<>`{}|^~-_.!'()*:;@,$"),
        ("/k?versionId=3sL4kqtJlcpXroDTDmJ%2B", "k?versionId=3sL4kqtJlcpXroDTDmJ+"),
        ("/k%3FversionId%3D1?versionId=null", "k?versionId=1?versionId=null"),
        ("/k%3FversionId%3D1/x", "k?versionId=1/x"),
        ("/k%3FversionID%3D1", "k?versionID=1"),
        ("/k%3Fa%3D1%26versionId%3D1", "k?a=1&versionId=1"),
        ("/" + LONGEST_KEY, LONGEST_KEY),
    ],
)
def test_key_is_literal(target: str, key: str) -> None:
    url = Url.parse(f"s3://my.bucket-1/{key}")
    assert url == Url("s3", "my.bucket-1", 0, target)
    assert (str(url), url.origin, url.authority) == (f"s3://my.bucket-1/{key}", "s3://my.bucket-1", "my.bucket-1")


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        *[("begins with `s3:` and not with `s3://`", text) for text in ("s3:", "s3:b/k", "S3:/bucket/k", "s3:443")],
        *[
            ("no bucket that can exist", f"s3://{name}/k")
            for name in ("", "ab", "a" * 64, "Bucket", "a_b", "-ab", "ab-")
        ],
        *[
            ("no bucket that can exist", f"s3://{name}/k")
            for name in ("a..b", "10.0.0.1", "[::1]", "a b", "b%20b", "bü")
        ],
        *[("no bucket that can exist", f"s3://{name}/k") for name in ("user:secret@bucket", "bucket:443", "bucket?x")],
        *[("has no key", text) for text in ("s3://bucket", "s3://bucket/", "s3://bucket/?versionId=1")],
        ("The version of the URL is empty", "s3://bucket/k?versionId="),
        *[
            ("more `..` than names", f"s3://bucket/{key}")
            for key in ("..", "../other/k", "a/../../k", "./../k", "a//../../k")
        ],
        *[("more `..` than names", f"s3://bucket/{key}") for key in ("..\\k", "a/..\\../k", "/../k")],
        ("longer than the 1024 bytes", f"s3://bucket/{LONGEST_KEY}k"),
        ("longer than the 1024 bytes", "s3://bucket/" + "ä" * 513),
        ("longer than 4096 characters", "s3://bucket/k?versionId=" + "1" * MAX_URL_LENGTH),
        ("has at position 14 U+000A LINE FEED", "s3://bucket/a\n"),
        ("has at position 13 U+0000 NULL", "s3://bucket/\0"),
        ("has at position 13 U+D800 SURROGATE", "s3://bucket/\ud800"),
        ("has at position 25 U+0085", "s3://bucket/k?versionId=\x85"),
    ],
)
def test_text_is_refused_when_it_names_no_object(fault: str, text: str) -> None:
    with pytest.raises(InvalidUrl) as caught:
        Url.parse(text)
    assert fault in caught.value.message
    assert "secret" not in caught.value.message
    assert redact_message(caught.value.message) == caught.value.message  # stored failures have all of it


@pytest.mark.parametrize("name", ["abc", "a.b", "a-b.c-1", "1.2.3.400", "x" * 63, "123"])
def test_bucket_can_have_a_name_that_s3_permits(name: str) -> None:
    assert is_bucket_name(name)


@given(KEYS, st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="/?"))))
def test_url_of_an_object_parses_to_itself(key: str, version: str | None) -> None:
    text = f"s3://bucket/{key}" if version is None else f"s3://bucket/{key}?versionId={version}"
    try:
        url = Url.parse(text)
    except InvalidUrl:
        return
    assert Url.parse(str(url)) == url
    assert (str(url), url.host, url.port) == (text, "bucket", 0)
    assert url.target.isascii()
    assert "#" not in url.target
    assert unquote(url.target) == text.removeprefix("s3://bucket")


@pytest.mark.parametrize("location", ["s3://bucket/k", "S3://bucket/k", "s3:k"])
def test_redirect_to_a_bucket_is_blocked_as_any_other_url(location: str) -> None:
    with pytest.raises(Blocked) as caught:
        Url.parse("https://a.example/").follow(location)
    assert caught.value.message == Blocked.default_message


@pytest.mark.parametrize("location", ["k", "/k", "//other/k", "?x", "https://a.example/", "s3://bucket/k"])
def test_object_redirects_to_no_object(location: str) -> None:
    url = Url.parse("s3://bucket/k")
    if location.startswith("https:"):
        assert url.follow(location).host == "a.example"
        return
    with pytest.raises(Blocked):
        url.follow(location)


def test_keys_that_look_like_signed_urls_are_different_images() -> None:
    first, second = (Url.parse(f"s3://bucket/k?AWSAccessKeyId=a&Expires=1&Signature={digit}") for digit in ("1", "2"))
    assert url_key(first) != url_key(second)
    assert not is_signed(Url.parse("s3://bucket/k?versionId=1"))


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ("s3://bucket/lot#7/a.jpg", "s3://bucket/lot#7/a.jpg"),
        ("s3://bucket/a.jpg", "s3://bucket/a.jpg?versionId=1"),
        ("s3://bucket/a.jpg", "s3://bucket/a.jpg?X-Amz-Signature=secret#x"),
        ("s3://bucket/a@2x.jpg", "s3://bucket/a@2x.jpg"),
        ("s3://bucket/k", "s3://user:secret@bucket/k"),
    ],
)
def test_redacted_url_has_the_key_up_to_a_question_mark(expected: str, text: str) -> None:
    assert redact(text) == expected
