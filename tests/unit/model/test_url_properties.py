"""What holds for every text that a stranger may write."""

from contextlib import suppress
from urllib.parse import urlsplit

import httpx
import pytest
import yarl
from hypothesis import example, given, settings
from hypothesis import strategies as st

from intake.model.errors import BadRedirect, Blocked, InvalidUrl
from intake.model.url import MAX_URL_LENGTH, Url, redact

ANY = st.text(st.characters(codec=None))
SIGNS = st.text("ab1.0x:/?#[]@%\\-_ \t\näß\u3002\uff11\u00ad\u2028\ud800", max_size=40)
TEXTS = st.one_of(
    ANY,
    SIGNS,
    st.builds("http://{}".format, SIGNS),
    st.builds("https://{}/{}?{}".format, SIGNS, ANY, ANY),
    st.builds("https://a.example/{}".format, ANY),
)
PARTS = st.text(st.characters(exclude_characters="/?#@\\", codec=None))
HERE = Url.parse("https://a.example/x//y?z")


@settings(deadline=None)
@given(TEXTS)
@example("http://" + "ä." * 2000)
@example("https://a.example/" + "€" * 4000)
def test_a_text_is_a_url_or_one_of_two_refusals(text: str) -> None:
    with suppress(InvalidUrl, Blocked):
        assert_sound(Url.parse(text))


@settings(deadline=None)
@given(TEXTS)
def test_a_location_is_a_url_or_one_of_two_refusals(location: str) -> None:
    with suppress(BadRedirect, Blocked):
        assert_sound(HERE.follow(location))


def assert_sound(url: Url) -> None:
    """What is sent is plain ASCII, bounded, and read again it says the same."""
    assert url == Url.parse(str(url))
    assert url.scheme in {"http", "https"}
    assert 1 <= url.port <= 65535
    assert len(str(url)) <= MAX_URL_LENGTH
    assert url.target.startswith("/")
    for part in (url.host, url.authority, url.origin, url.target, str(url)):
        assert part.isascii()
        assert not any(sign <= " " or sign == "\x7f" for sign in part)
    assert not set(url.host) & set("/?#@\\[]%")
    assert "#" not in url.target
    assert_others_read_the_same(url)


def assert_others_read_the_same(url: Url) -> None:
    """The host that is judged is the one that is sent, whoever reads the text on its way: httpx, aiohttp or Python."""
    httpx_reads, yarl_reads, python_reads = httpx.URL(url.origin), yarl.URL(str(url), encoded=True), urlsplit(str(url))
    assert url.host == httpx_reads.raw_host.decode() == yarl_reads.raw_host == python_reads.hostname
    default = {"http": 80, "https": 443}[url.scheme]
    assert url.port == (httpx_reads.port or default) == yarl_reads.port == (python_reads.port or default)
    assert url.target.removesuffix("?") == yarl_reads.raw_path_qs.removesuffix("?")  # an empty query is none to yarl


@settings(deadline=None)
@given(TEXTS)
def test_what_may_be_kept_of_a_text_is_less_of_it(text: str) -> None:
    kept = redact(text)
    assert not set(kept) & {"?", "#"}
    assert len(kept) <= len(text)


@settings(deadline=None)
@given(PARTS, PARTS, ANY)
def test_a_query_is_never_kept(host: str, path: str, secret: str) -> None:
    """Where it cannot be told from a password, nothing but the scheme is kept."""
    whole = redact(f"https://{host}/{path}")
    assert redact(f"https://{host}/{path}?{secret}") in {whole, "https:///", "https://"}
    assert redact(f"https://{host}/{path}#{secret}") in {whole, "https:///", "https://"}


@settings(deadline=None)
@given(st.sampled_from(["https://", "http:/", "//", "\\\\", " https://", "://", "\ufeffhttps:\\\\", ""]), PARTS, PARTS)
def test_credentials_are_never_kept(beginning: str, user: str, password: str) -> None:
    kept = redact(f"{beginning}{user}:{password}@a.example/x.png")
    assert kept in {f"{beginning}a.example/x.png", "a.example/x.png"}


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ("https://a.example/x.png", "https://a.example/x.png?X-Amz-Signature=secret"),
        ("https://a.example/x@2.png", "https://a.example/x@2.png#secret"),
        ("https://a.example/x", "https://user:secret@a.example/x"),
        ("https://a.example/x", "https://user@secret@a.example/x"),
        ("a.example", "user:secret@a.example?secret"),
        ("https://a.example/x", "https://user:sec/ret@a.example/x"),
        ("https://a.example/x", "https://user:secret\uff20a.example/x"),
        ("https://a.example/x", "https://user:secret%40a.example/x"),
        ("https://a.example/x%40.png", "https://a.example/x%40.png?secret"),
        ("https://[::1]:80/", "https://[::1]:80/"),
        ("", "?secret"),
        ("no url at all", "no url at all"),
    ],
)
def test_what_is_kept_of_a_url_says_where_it_led_and_no_secret(expected: str, text: str) -> None:
    assert expected == redact(text)
