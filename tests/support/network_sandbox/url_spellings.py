"""Every known way in which a URL can name an internal address, and unusual URLs of public addresses."""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address

PUBLIC, PUBLIC_6 = "93.184.216.34", "2606:4700::1111"
INTERNAL: tuple[str, ...] = (
    *("127.0.0.1", "127.1.2.3", "10.0.0.1", "169.254.169.254", "169.254.170.2", "172.31.255.255", "192.168.1.1"),
    *("0.0.0.0", "100.100.100.200", "168.63.129.16", "192.0.0.192", "198.18.0.1", "224.0.0.1", "255.255.255.255"),  # noqa: S104 - refused
    *("::1", "::", "fd00:ec2::254", "fe80::1", "fc00::1", "fec0::1", "ff02::1"),
)
"""Addresses that are not public: loopback, private, link-local, metadata services of several clouds, and others."""

DIGITS = {
    "fullwidth": 0xFF10,
    "bold": 0x1D7CE,
    "double-struck": 0x1D7D8,
    "monospace": 0x1D7F6,
    "arabic": 0x0660,
    "devanagari": 0x0966,
    "segmented": 0x1FBF0,
}
DOTS = ("\u3002", "\uff0e", "\uff61", "\u2024", "\ufe52", "%2e", "%2E", "\u00b7")


def hosts(address: str) -> Iterator[str]:
    """Spell one address in every way as the host of a URL."""
    parsed = ip_address(address)
    yield from _ipv4(parsed) if isinstance(parsed, IPv4Address) else _ipv6(parsed)


def _ipv4(address: IPv4Address) -> Iterator[str]:
    text, number, parts = str(address), int(address), list(address.packed)
    yield from (text, text + ".", text + "..", f"{text}%00", f"{text}%20", f"{text}%2f", f" {text}", f"{text} ")
    yield from (str(number), f"{number:#x}", f"{number:#X}", f"0{number:o}", f"0o{number:o}", f"{number:#b}")
    yield from (str(number + 2**32), f"{number:#018x}", f"{number:032o}", f"+{number}", f"-{2**32 - number}")
    yield from (f"{parts[0]}.{number & 0xFFFFFF}", f"{parts[0]}.{parts[1]}.{number & 0xFFFF}")
    for shape in ("{:#x}", "0{:o}", "000{:o}", "{:03}", "{:#06x}", "0x0{:x}"):
        yield ".".join(shape.format(part) for part in parts)
        yield ".".join([shape.format(parts[0]), *map(str, parts[1:])])
        yield ".".join([*map(str, parts[:3]), shape.format(parts[3])])
    yield ".".join(str(part + 256) for part in parts)
    yield from (text.translate({48 + digit: chr(zero + digit) for digit in range(10)}) for zero in DIGITS.values())
    yield text.translate({49 + digit: chr(0x2460 + digit) for digit in range(9)})
    yield from (text.replace(".", dot) for dot in DOTS)
    yield from (text.replace(".", f"{odd}.") for odd in ("\u00ad", "\u200b", "\u200d", "\ufe0f", "\u2060", "%00"))
    yield "".join(f"%{ord(character):02x}" for character in text)
    yield from (f"[{text}]", f"[{text}", f"{text}]")
    low = f"{number >> 16:x}:{number & 0xFFFF:x}"
    for prefix in ("::ffff:", "64:ff9b::", "::", "::ffff:0:", "64:ff9b:1::", "0:0:0:0:0:ffff:", "::FFFF:"):
        yield from (f"[{prefix}{text}]", f"[{prefix}{low}]")
    yield from (f"[2606:4700::5efe:{text}]", f"[2606:4700::200:5efe:{low}]", f"[2001:470:1f0b::5efe:{text}]")
    yield from (f"[2002:{low}::1]", f"[2002:{low}::]", f"[fe80::5efe:{text}]", f"[2001:db8::5efe:{text}]")
    yield f"[2001:0:{low}:0:0:{number >> 16 ^ 0xFFFF:x}:{number & 0xFFFF ^ 0xFFFF:x}]"
    yield from (f"[::ffff:{text}%25lo]", f"[::ffff:{text}%lo]", f"[::ffff:{text}.]", f"[ ::ffff:{text}]")


def _ipv6(address: IPv6Address) -> Iterator[str]:
    text = str(address)
    yield from (f"[{text}]", f"[{address.exploded}]", f"[{text.upper()}]", f"[{text}].", f"[{text}", f"{text}]", text)
    yield from (f"[{text}%25lo]", f"[{text}%lo]", f"[{text}%251]", f"[{text}%]", f"[{text}]a.example", f"[[{text}]]")
    yield from (
        f"%5B{text}%5D",
        f"[{text.replace(':', chr(0xFF1A))}]",
        f"[{text}\u200b]",
        f"[{text}/128]",
        f"[{text}@]",
    )


def ambiguous_urls(host: str) -> Iterator[str]:
    """Write URLs in which some parsers find this host and others do not."""
    out = PUBLIC
    yield from (f"http://{out}@{host}/", f"http://{host}@{out}/", f"http://{out}:80@{host}/", f"http://{out}%40{host}/")
    yield from (f"http://{host}\\@{out}/", f"http://{out}\\@{host}/", f"http://{out}\\.{host}/", f"http:\\\\{host}\\")
    yield from (
        f"http://{host}\t/",
        f"http://\t{host}/",
        f"ht\ntp://{host}/",
        f"\x00http://{host}/",
        f" http://{host}/",
    )
    yield from (f"http:{host}/", f"http:/{host}/", f"http:///{host}/", f"http:////{host}/", f"//{host}/", f"{host}/")
    yield from (
        f"http://{host}:80:80/",
        f"http://{host}:80@{out}:80/",
        f"http://{host};{out}/",
        f"http://{host},{out}/",
    )
    yield from (f"http://{host}&@{out}#@{out}/", f"http://{out}&@{host}#@{out}/", f"http://{out} {host}/")
    yield from (f"http://{host}:\uff18\uff10/", f"http://{host}:-80/", f"http://{host}:+80/", f"http://{host}:80 /")
    yield from (f"http://{host}\uff0f.a.example/", f"http://{host}\uff03.a.example/", f"http://{host}\uff1f.a.example/")
    yield from (
        f"http://a.example\uff20{host}/",
        f"http://[{host}]:80/",
        f"http://{host}%0d%0aX: y/",
        f"url:http://{host}/",
    )
    yield from (f"HtTp://{host}:00080/", f"HTTPS://{host}/", f"http://{host}:/", f"http://{host}?a", f"http://{host}#a")
    yield from (f"{scheme}://{host}/" for scheme in ("ftp", "gopher", "dict", "file", "ldap", "tftp", "ws", "jar:http"))


def forbidden() -> list[str]:
    """List URLs that the service must not fetch from anywhere but `PUBLIC`."""
    spelled = [f"http://{host}/" for address in INTERNAL for host in hosts(address)]
    ambiguous = [url for address in INTERNAL[:1] + INTERNAL[3:4] for url in ambiguous_urls(address)]
    ambiguous += list(ambiguous_urls("[::1]"))
    ports = [f"http://{PUBLIC}:{port}/" for port in (0, 1, 22, 25, 6379, 8080, 65535, 65536, 99999, 80 + 2**16)]
    return list(dict.fromkeys([*spelled, *ambiguous, *ports]))


LEGITIMATE = (
    *(
        f"http://{PUBLIC}{rest}"
        for rest in ("", "/", ":80/", ":/", ":0080/", "?a@b", "#@127.0.0.1", "/?u=http://[::1]/")
    ),
    *(
        f"http://{PUBLIC}/{path}"
        for path in ("@127.0.0.1", "%2e%2e//10.0.0.1", "a b\u00e9", "x;y+z%2F", "?", "~%7e:80@")
    ),
    *(
        f"http://[{host}]/"
        for host in (PUBLIC_6, "2606:4700:0:0:0:0:0:1111", "2606:4700::0.0.17.17", f"::ffff:{PUBLIC}")
    ),
    *(f"http://{host}/" for host in (PUBLIC + ".", PUBLIC.replace(".", "\u3002"), "\uff19\uff13.184.216.34")),
    *(f"hTTp://{host}/" for host in ("PUBLIC.example", "public.example.", "a_b.public.example", "b\u00fccher.example")),
    *(f"http://{host}/" for host in ("my_shop.b\u00fccher.example", "r3---sn.b\u00fccher.example", "\u2603.example")),
)
"""URLs that the service must fetch, each from a public address."""

REDIRECTS = (301, 302, 303, 307, 308)


def with_redirect_status(urls: list[str]) -> Iterator[tuple[str, int]]:
    """Pair each URL with one of the redirect statuses, in turn."""
    return ((url, REDIRECTS[place % len(REDIRECTS)]) for place, url in enumerate(urls))
