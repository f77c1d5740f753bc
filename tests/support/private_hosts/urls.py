"""URLs of private and of other hosts in every spelling, directly and as the `Location` of redirects."""

from itertools import product

from support.private_hosts.secrets import ADDRESSES, HEADERS, IDN, OTHERS

CODES = (301, 302, 303, 307, 308)

SAME_ORIGIN = (
    *(f"https://{host}/image" for host in HEADERS),
    "HTTPS://BEARER.EXAMPLE/image",
    "https://Bearer.Example./image",
    "https://bearer.example:443/image",
    "https://bearer.example:0443/image?a=b#c",
    "https://bearer.example:/image",
    "https://\uff42earer.example/image",
    "https://b\u00fccher.example/image",
    "https://B\u00dcCHER.example./image",
    "https://b%C3%BCcher.example/image",
    f"https://{IDN.upper()}/image",
)
"""URLs on port 443 of a private host, over https."""

OTHER_ORIGIN = (
    *(f"http://{host}/image" for host in HEADERS),
    *(f"https://{host}:8443/image" for host in HEADERS),
    "http://bearer.example:8080/image",
    *(f"https://{host}/image" for host in OTHERS),
    *(f"http://{host}/image" for host in OTHERS),
    f"http://{ADDRESSES['bearer.example']}/image",
)
"""URLs of another scheme, port or host."""

NO_REQUEST = (
    "https://user:password@bearer.example/image",
    "https://bearer.example@other.example/image",
    "https://other.example@bearer.example/image",
    "https://bearer.example%2f.other.example/image",
    "https://bearer.example\\@other.example/image",
    "https://bearer%2eexample/image",
    "https:///bearer.example/image",
    "https://inside.example/image",
    "https://bearer.example:22/image",
    "s3://bearer.example/image",
    "ftp://bearer.example/image",
)
"""URLs that are refused."""

RELATIVE = (
    *("/image", "image", "?again", "//bearer.example/image", "//other.example/image", "//bearer.example:8443/image"),
    *("//BASIC.example./image", "///other.example/image", "/\\other.example/image", "//user@other.example/image"),
)

STARTS = ("https://bearer.example", "https://keys.example", "http://bearer.example", "https://other.example")

REDIRECTS: tuple[tuple[str, int, str], ...] = tuple(
    product(STARTS, CODES, (*SAME_ORIGIN, *OTHER_ORIGIN, *NO_REQUEST, *RELATIVE))
)
"""Where a redirect starts, its status, and its `Location`."""
