"""The host of `Url.parse`: names in ASCII, internationalized names, and addresses in their canonical form."""

import re

import pytest

from intake.model.error_codes import InvalidUrl
from intake.model.url import Url


@pytest.mark.parametrize(
    "host",
    [
        *[
            "a_b.example",
            "_a.example",
            "-a.example",
            "a-.example",
            "localhost",
            "xn--a",
            "1a",
            "0xg",
            "1.2.3.4a",
            "a" * 63,
        ],
        *[
            "r3---sn-4g5.example",
            "ab--c.example",
            "--.example",
            "-.example",
            "_.example",
            "xn--",
            "xn--mnchen-3ya.example",
        ],
    ],
)
def test_host_is_accepted_when_it_is_odd_but_exists(host: str) -> None:
    assert host == Url.parse(f"https://{host}/").host


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
        ("127.0.0.1", "\u2460\u2461\u2466.\u24ea.\u24ea.\u2460"),
        ("127.0.0.1", "%EF%BC%91%EF%BC%92%EF%BC%97.0.0.1"),
        ("xn--bcher-kva.example", "b%C3%BCcher.example"),
        ("my_shop.xn--bcher-kva.example", "my_shop.bücher.example"),
        ("xn--a_b_-3ra.example", "a_b_ü.example"),
        ("r3---sn.xn--bcher-kva.example", "r3---sn.bücher.example"),
        ("ab--c.xn--bcher-kva.example", "ab--c.bücher.example"),
        ("xn--aa---3ra.example", "aa--ü.example"),
        ("-a.a-.xn--bcher-kva.example", "-a.a-.bücher.example"),
        ("xn---bcher--o2a.example", "-bücher-.example"),
        ("--.xn--tda", "--.ü"),
        ("xn--a.xn--tda", "xn--a.ü"),
        ("xn--bcher-kva.xn--tda", "\uff58n--bcher-kva.ü"),
        ("xn--n3h.net", "\u2603.net"),
        ("xn--n3h.net", "\u2603\ufe0f.net"),
        ("xn--ls8h.la", "\U0001f4a9.la"),
        ("xn--h77hc.example", "\U0001f1e9\U0001f1ea.example"),
        ("xn--mgba3gch31f060k.com", "\u0646\u0627\u0645\u0647\u200c\u0627\u06cc.com"),
        ("xn--11b2ezcw70k.example", "\u0915\u094d\u200d\u0937.example"),
        ("xn--9dbq2a.example", "\u05e7\u05d5\u05dd.example"),
        ("xn--ll-0ea.cat", "l\u00b7l.cat"),
        ("xn--wgv71a119e.jp", "\u65e5\u672c\u8a9e\u3002\uff2a\uff30"),
    ],
)
def test_internationalized_host_is_converted_to_ascii(expected: str, host: str) -> None:
    """As in browsers: Node's URL gives the same hosts, apart from `xn--a.ü`, whose label in ASCII stays as it is."""
    assert expected == Url.parse(f"http://{host}/").host


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
    ("fault", "hosts"),
    [
        ("an empty label", ["a..b", ".a", ".", "..", "b\u00fc..example", "\u00ad.example", "\u00fc.."]),
        ("a label of more than 63 characters", ["a" * 64, "\u00fc" * 60, "\u00fc" * 300, "a." + "b" * 99]),
        ("longer than 253 characters", [".".join(["a" * 63] * 4), ".".join(["\u00fc" * 20] * 12)]),
        ("U+0025 PERCENT SIGN, which no host name has", ["a%62c", "%31%32%37.0.0.1", "\u00fc%2e", "%41.example"]),
        ("U+0020 SPACE, which no host name has", ["a b", "a .example"]),
        ("U+002C COMMA, which no host name has", ["a,b", "a.example,b.example"]),
        ("U+002A ASTERISK, which no host name has", ["a*b", "*.\u00fc.example"]),
        ("which no host name has", ["a|b", "a'b", "a;b", "a!b", 'a"', "{a}", "a^b", "a`", "<a>"]),
        ("U+00A0 NO-BREAK SPACE, which no host name has", ["a\u00a0b", "\u00a0\u00fc.example"]),
        ("U+FF20 FULLWIDTH COMMERCIAL AT, which no host name has", ["user\uff20a.example"]),
        ("U+FF0F FULLWIDTH SOLIDUS, which no host name has", ["a\uff0fb.example"]),
        ("U+2100 ACCOUNT OF, which no host name has", ["\u2100.example"]),
        ("U+2488 DIGIT ONE FULL STOP, which is not allowed there", ["a\u2488example"]),
        ("U+2024 ONE DOT LEADER, which is not allowed there", ["127\u20240\u20240\u20241", "a\u2024example"]),
        ("U+FFFD REPLACEMENT CHARACTER, which is not allowed there", ["b\ufffdcher.example"]),
        ("U+202E RIGHT-TO-LEFT OVERRIDE, which is not allowed there", ["\u202eabc.example"]),
        ("U+200D ZERO WIDTH JOINER, which is not allowed there", ["a\u200db.example", "\u200d.example"]),
        ("U+200C ZERO WIDTH NON-JOINER, which is not allowed there", ["a\u200cb.example"]),
        ("U+0301 COMBINING ACUTE ACCENT, which is not allowed there", ["\u0301a.example"]),
        ("U+0031 DIGIT ONE, which is not allowed there", ["1\u05e7\u05d5\u05dd.example"]),
        ("`xn--` before characters that are not encoded", ["xn--i\u00f1valid.example", "\uff58n--\u00fc.example"]),
        ("not a valid internationalized host name", ["%c3%28.example", "%ff.example", "\u00fc" * 1100]),
    ],
)
def test_host_is_refused_with_its_fault_when_it_is_not_a_host_name(fault: str, hosts: list[str]) -> None:
    for host in hosts:
        with pytest.raises(InvalidUrl, match=re.escape(fault)):
            Url.parse(f"http://{host}/")
