"""Origins that redirect: to the image, to invalid or forbidden locations, in loops, with odd bodies."""

from collections.abc import Callable

from support.origin.behaviour import (
    IMAGE,
    STORED,
    Reader,
    Request,
    Responder,
    Writer,
    add,
    head,
    register,
    response_with,
    send,
    send_forever,
    wait_forever,
)

MAX_REDIRECTS = 5
"""The number of redirects that the client may follow; the table relies on it."""


type Location = str | Callable[[Request], str]


def redirect(location: str, status: int = 302) -> bytes:
    """Build a redirect response."""
    return response_with(b"", f"Location: {location}", status=f"{status} Elsewhere")


def _to(location: Location, status: int = 302) -> Responder:
    async def respond(_: Reader, writer: Writer, request: Request) -> None:
        await send(writer, redirect(location if isinstance(location, str) else location(request), status))

    return respond


for _status in (301, 302, 303, 307, 308):
    add(f"redirect_{_status}", _to("/length", _status), STORED, requests=2)

_FOLLOWED: dict[str, Location] = {
    "absolute": lambda request: request.base + "/length",
    "protocol_relative": lambda request: request.base.removeprefix("http:") + "/length",
    "relative": "length",
    "relative_with_dots": "./../length",
    "in_capitals": lambda request: request.base.upper() + "/length",
    "only_query": "?again",
    "with_fragment": "/length#part",
    "with_spaces": "/a b/c d",
    "in_utf_8": "/\u00e9".encode().decode("latin-1"),
    "in_latin_1": "/\u00e9",
    "in_cp1251": "/\u043a?\u0438".encode("cp1251").decode("latin-1"),
    "in_shift_jis": "/\u8868\u753b.png".encode("shift_jis").decode("latin-1"),
    "relative_in_latin_1": "\u00e9/../\u00e8.png",
    "with_a_c1_control": "/length\x85",
    "with_brackets": "/length?q=[1]{2}|^",
    "with_tab_at_its_end": "/length \t",
}
for _name, _location in _FOLLOWED.items():
    if _name != "only_query":
        add(f"redirect_{_name}", _to(_location), STORED, requests=2)

_INVALID: dict[str, Location] = {
    "to_nothing": "",
    "to_spaces": "   ",
    "to_a_bell": "/length\x07",
    "to_a_tab": "/len\tgth",
    "to_a_backslash": "\\\\127.0.0.1\\length",
    "to_a_backslash_in_utf_8": "/\u00e9\\length".encode().decode("latin-1"),
    "to_a_host_in_latin_1": "http://b\u00fccher.example/",
    "to_a_password": "http://user:password@127.0.0.1/",
    "to_port_0": "http://127.0.0.1:0/",
    "to_port_65536": "http://127.0.0.1:65536/",
    "to_port_of_5000_digits": "http://127.0.0.1:" + "9" * 5000 + "/",
    "to_an_empty_host": "http:///length",
    "to_a_bracket": "http://[/",
    "to_a_bad_ipv6": "http://[::1%25eth0]/",
    "to_a_bad_label": "http://a..b/",
    "to_a_bad_idn": "http://\u00ad/".encode().decode("latin-1"),
    "to_octal": "http://0177.0.0.1/",
    "to_a_number": "http://2130706433/",
    "to_hex": "http://0x7f.0.0.1/",
    "to_a_short_form": "http://127.1/",
    "to_5000_characters": "/" + "a" * 5000,
}
for _name, _location in _INVALID.items():
    add(f"redirect_{_name}", _to(_location), "bad_redirect")

_FORBIDDEN: dict[str, Location] = {
    "to_metadata": "http://169.254.169.254/latest/meta-data/",
    "to_private": lambda request: f"http://10.0.0.1:{_port(request)}/",
    "to_this_host": lambda request: f"http://0.0.0.0:{_port(request)}/",
    "to_ipv6_loopback": lambda request: f"http://[::1]:{_port(request)}/",
    "to_mapped": lambda request: f"http://[::ffff:10.0.0.1]:{_port(request)}/",
    "to_nat64": lambda request: f"http://[64:ff9b::a9fe:a9fe]:{_port(request)}/",
    "to_a_port": "http://127.0.0.1:22/",
    "to_a_file": "file:///etc/passwd",
    "to_ftp": "ftp://127.0.0.1/",
    "to_gopher": "gopher://127.0.0.1:6379/_SET",
    "to_data": "data:image/jpeg;base64,/9j/",
    "to_javascript": "javascript:alert(1)",
}
for _name, _location in _FORBIDDEN.items():
    add(f"redirect_{_name}", _to(_location), "blocked")


def _port(request: Request) -> str:
    return request.base.rpartition(":")[2]


def _chain(request: Request) -> str:
    """Redirect `/chain_at_limit/3` to `/chain_at_limit/2`, and `/chain_at_limit/1` to the image."""
    _, name, *rest = request.target.split("/")
    left = int(rest[0]) if rest else {"chain_at_limit": MAX_REDIRECTS, "chain_over_limit": MAX_REDIRECTS + 1}[name]
    return f"/{name}/{left - 1}" if left > 1 else "/length"


add("chain_at_limit", _to(_chain), STORED, requests=MAX_REDIRECTS + 1)
add("chain_over_limit", _to(_chain), "too_many_redirects", requests=MAX_REDIRECTS + 1)
add("redirect_to_itself", _to("/redirect_to_itself"), "too_many_redirects", requests=MAX_REDIRECTS + 1)
add("redirect_loop_first", _to("/redirect_loop_second"), "too_many_redirects", requests=MAX_REDIRECTS + 1)
add("redirect_loop_second", _to("/redirect_loop_first"), "too_many_redirects", requests=MAX_REDIRECTS + 1)
add("redirect_only_query", _to("?again"), "too_many_redirects", requests=MAX_REDIRECTS + 1)


@register("bad_redirect")
async def redirect_without_location(_: Reader, writer: Writer, __: Request) -> None:
    await send(writer, response_with(b"", status="302 Found"))


@register("bad_redirect")
async def redirect_with_two_locations(_: Reader, writer: Writer, __: Request) -> None:
    await send(writer, response_with(b"", "Location: /length", "Location: /chunked", status="302 Found"))


@register("bad_redirect")
async def redirect_with_an_empty_second_location(_: Reader, writer: Writer, __: Request) -> None:
    await send(writer, response_with(b"", "Location: /length", "Location:", status="302 Found"))


@register(STORED, requests=2)
async def redirect_with_a_location_twice(_: Reader, writer: Writer, __: Request) -> None:
    await send(writer, response_with(b"", "Location: /\u00e9", "location: /\u00e9 ", status="302 Found"))


@register(STORED, requests=2)
async def redirect_with_image(_: Reader, writer: Writer, __: Request) -> None:
    await send(writer, response_with(IMAGE, "Location: /length", status="302 Found"))


@register(STORED, requests=2)
async def redirect_with_endless_body(_: Reader, writer: Writer, __: Request) -> None:
    await send(writer, head("Location: /length", status="302 Found"))
    await send_forever(writer, bytes(8000))


@register(STORED, requests=2)
async def redirect_that_stalls(_: Reader, writer: Writer, __: Request) -> None:
    """Announce a body that never comes: the client must not wait for it."""
    await send(writer, head("Location: /length", "Content-Length: 90000", status="302 Found"))
    await wait_forever()


@register(STORED, requests=2)
async def redirect_beside_other_charsets(_: Reader, writer: Writer, __: Request) -> None:
    await send(writer, response_with(b"", "Server: \u00e9", "Location: /\u00c3\u00a9", "A: \x80", status="302 Found"))


@register(STORED, requests=2)
async def redirect_with_gzip(_: Reader, writer: Writer, __: Request) -> None:
    await send(writer, response_with(b"", "Location: /length", "Content-Encoding: gzip", status="302 Found"))


@register(STORED, requests=2)
async def redirect_with_cookie(_: Reader, writer: Writer, __: Request) -> None:
    await send(writer, response_with(b"", "Location: /length", "Set-Cookie: a=b; Path=/", status="302 Found"))


@register("not_found", requests=2)
async def redirect_to_not_found(_: Reader, writer: Writer, __: Request) -> None:
    await send(writer, redirect("/status_404"))


@register("http_server_error", requests=6)
async def redirect_to_failure(_: Reader, writer: Writer, __: Request) -> None:
    """Redirect to a failing path: every attempt must start again at the first URL."""
    await send(writer, redirect("/status_500"))
