"""Properties of `Url` and `redact` that hold for any text."""

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
SIGNIFICANT = st.text("ab1.0x:/?#[]@%\\-_ \t\näß\u3002\uff11\u00ad\u2028\ud800", max_size=40)
TEXTS = st.one_of(
    ANY,
    SIGNIFICANT,
    st.builds("http://{}".format, SIGNIFICANT),
    st.builds("https://{}/{}?{}".format, SIGNIFICANT, ANY, ANY),
    st.builds("https://a.example/{}".format, ANY),
)
PARTS = st.text(st.characters(exclude_characters="/?#@\\", codec=None))
PAGE = Url.parse("https://a.example/x//y?z")


@settings(deadline=None)
@given(TEXTS)
@example("http://" + "ä." * 2000)
@example("https://a.example/" + "€" * 4000)
def test_parse_returns_url_or_raises_its_own_error_for_any_text(text: str) -> None:
    with suppress(InvalidUrl, Blocked):
        check_url(Url.parse(text))


@settings(deadline=None)
@given(TEXTS)
def test_follow_returns_url_or_raises_its_own_error_for_any_location(location: str) -> None:
    with suppress(BadRedirect, Blocked):
        check_url(PAGE.follow(location))


def check_url(url: Url) -> None:
    """The URL is printable ASCII, has a bounded length, and parses to itself."""
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
    check_other_parsers_agree(url)


def check_other_parsers_agree(url: Url) -> None:
    """httpx, yarl (aiohttp) and Python read the same host and port: the host that was checked is the host in use."""
    httpx_reads, yarl_reads, python_reads = httpx.URL(url.origin), yarl.URL(str(url), encoded=True), urlsplit(str(url))
    assert url.host == httpx_reads.raw_host.decode() == yarl_reads.raw_host == python_reads.hostname
    default = {"http": 80, "https": 443}[url.scheme]
    assert url.port == (httpx_reads.port or default) == yarl_reads.port == (python_reads.port or default)
    assert url.target.removesuffix("?") == yarl_reads.raw_path_qs.removesuffix("?")  # an empty query is none to yarl


@settings(deadline=None)
@given(TEXTS)
def test_redacted_text_is_no_longer_and_has_no_query(text: str) -> None:
    redacted = redact(text)
    assert not set(redacted) & {"?", "#"}
    assert len(redacted) <= len(text)


@settings(deadline=None)
@given(PARTS, PARTS, ANY)
def test_redact_removes_any_query(host: str, path: str, secret: str) -> None:
    """Where it could be part of a password, only the scheme remains."""
    whole = redact(f"https://{host}/{path}")
    assert redact(f"https://{host}/{path}?{secret}") in {whole, "https:///", "https://"}
    assert redact(f"https://{host}/{path}#{secret}") in {whole, "https:///", "https://"}


@settings(deadline=None)
@given(st.sampled_from(["https://", "http:/", "//", "\\\\", " https://", "://", "\ufeffhttps:\\\\", ""]), PARTS, PARTS)
def test_redact_removes_any_credentials(beginning: str, user: str, password: str) -> None:
    redacted = redact(f"{beginning}{user}:{password}@a.example/x.png")
    assert redacted in {f"{beginning}a.example/x.png", "a.example/x.png"}


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
def test_redacted_url_has_host_and_path(expected: str, text: str) -> None:
    assert expected == redact(text)
