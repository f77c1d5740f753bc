"""Origins that respond with another status than 200, or with a 200 that is an error page."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from support.origin.behaviour import (
    IMAGE,
    MAX_BYTES,
    STORED,
    Reader,
    Request,
    Writer,
    add,
    chunks,
    head,
    register,
    reply,
    response_with,
    send,
)

_CODES = {
    STORED: (201, 203),
    "not_ready": (202,),
    "unexpected_status": (206, 207, 226, 299, 300, 305, 306, 399, 600, 999),
    "http_client_error": (400, 402, 405, 406, 409, 416, 418, 421, 422, 426, 451, 499),
    "access_denied": (401, 403),
    "not_found": (404, 410),
    "http_server_error": (408, 425, 500, 501, 502, 503, 504, 520, 599),
    "throttled": (429,),
}
for _code, _statuses in _CODES.items():
    for _status in _statuses:
        add(f"status_{_status}", reply(response_with(IMAGE, status=f"{_status} Because"), close=False), _code)

# Responses with these statuses have no body, whatever their headers say (RFC 9112, 6.3).
add("status_204", reply(head(status="204 No Content"), close=False), "unexpected_status")
add("status_204_with_body", reply(response_with(IMAGE, status="204 No Content"), close=False), "unexpected_status")
add(
    "status_304",
    reply(head(f"Content-Length: {len(IMAGE)}", status="304 Not Modified"), close=False),
    "unexpected_status",
)
add("status_304_with_body", reply(response_with(IMAGE, status="304 Not Modified"), close=False), "unexpected_status")
add("status_101", reply(head("Connection: upgrade", "Upgrade: x", status="101 Switching") + IMAGE), "unexpected_status")
_SIZE = len(IMAGE)
_WHOLE_RANGE = f"Content-Range: bytes 0-{_SIZE - 1}/{_SIZE}"
_CHUNKED_RANGE = head(_WHOLE_RANGE, "Transfer-Encoding: chunked", status="206 Part")


def _part(body: bytes, numbers: str) -> bytes:
    return response_with(body, f"Content-Range: bytes {numbers}", status="206 Part")


for _name, _code, _response in (
    ("of_the_whole", STORED, response_with(IMAGE, _WHOLE_RANGE, status="206 Part")),
    ("of_the_whole_twice", STORED, response_with(IMAGE, _WHOLE_RANGE, _WHOLE_RANGE, status="206 Part")),
    ("of_the_whole_chunked", STORED, _CHUNKED_RANGE + chunks([IMAGE, b""])),
    ("of_a_part", "unexpected_status", _part(IMAGE[:10], "0-9/99")),
    ("of_an_end", "unexpected_status", _part(IMAGE, f"9-{_SIZE + 8}/{_SIZE + 9}")),
    ("of_unknown_length", "unexpected_status", _part(IMAGE, f"0-{_SIZE - 1}/*")),
    ("of_another_length", "unexpected_status", response_with(IMAGE + b"\0", _WHOLE_RANGE, status="206 Part")),
    ("of_too_much", "too_large", head(f"Content-Range: bytes 0-{MAX_BYTES}/{MAX_BYTES + 1}", status="206 Part")),
):
    add(f"status_206_{_name}", reply(_response, close=False), _code)
add("status_206_chunked_and_longer", reply(_CHUNKED_RANGE + chunks([IMAGE, b"more", b""])), "bad_response")
add("status_206_chunked_and_shorter", reply(_CHUNKED_RANGE + chunks([IMAGE[:-5], b""])), "incomplete_body")
add("status_201_with_page", reply(response_with(b"<html>" * 9, status="201 Created"), close=False), "unsupported_type")
add("status_203_empty", reply(response_with(b"", status="203 Transformed"), close=False), "empty_body")
add("status_202_empty", reply(response_with(b"", status="202 Accepted"), close=False), "not_ready")
add("status_404_endless", reply(head("Transfer-Encoding: chunked", status="404 Gone"), close=False), "not_found")

_PAGE = b"<!doctype html><title>Sorry</title><p>This image has moved.</p>"
add("soft_404", reply(response_with(_PAGE, "Content-Type: text/html"), close=False), "unsupported_type")
add("soft_404_as_jpeg", reply(response_with(_PAGE, "Content-Type: image/jpeg"), close=False), "unsupported_type")
add("soft_404_short", reply(response_with(b"not here"), close=False), "unsupported_type")
add("soft_404_json", reply(response_with(b'{"error": "not found", "code": 404}'), close=False), "unsupported_type")


def _add_retry_after(status: int, code: str, requests: int, value: str) -> None:
    name = value if value.lstrip("-").isdigit() else "nonsense"
    later = response_with(b"", f"Retry-After: {value}", status=f"{status} Later")
    add(f"status_{status}_retry_after_{name}", reply(later, close=False), code, requests)


for _status, _code in ((429, "throttled"), (503, "http_server_error"), (202, "not_ready")):
    _add_retry_after(_status, _code, 3, "0")
    _add_retry_after(_status, _code, 1, "3600")
    _add_retry_after(_status, _code, 1, "9" * 400)
    _add_retry_after(_status, _code, 3, "-5")
    _add_retry_after(_status, _code, 3, "soon")
    for _name, _value in {
        "a_float": "1.5e3",
        "other_digits": "\u0663",
        "a_list": "1, 2",
        "infinity": "inf",
        "an_invalid_date": "Mon, 99 Foo 2026 99:99:99 GMT",
        "a_year_of_five_digits": "Fri, 31 Dec 99999 23:59:59 GMT",
        "a_date_without_a_zone": "Fri, 31 Dec 1999 23:59:59",
        "an_asctime_date": "Fri Dec 31 23:59:59 1999",
        "a_date_far_east": "Fri, 31 Dec 1999 23:59:59 +9999",
    }.items():
        _later = response_with(b"", f"Retry-After: {_value}".encode().decode("latin-1"), status=f"{_status} Later")
        add(f"status_{_status}_retry_after_{_name}", reply(_later, close=False), _code, 3)


@register(STORED, requests=2)
async def retry_after_a_past_date(_: Reader, writer: Writer, request: Request) -> None:
    await _send_later_unless_second(
        writer, request, format_datetime(datetime.now(UTC) - timedelta(days=1), usegmt=True)
    )


@register("throttled", requests=1)
async def retry_after_a_far_date(_: Reader, writer: Writer, request: Request) -> None:
    await _send_later_unless_second(
        writer, request, format_datetime(datetime.now(UTC) + timedelta(days=1), usegmt=True)
    )


@register(STORED, requests=2)
async def retry_after_zero(_: Reader, writer: Writer, request: Request) -> None:
    await _send_later_unless_second(writer, request, "0")


@register(STORED, requests=3)
async def ready_at_the_third_request(_: Reader, writer: Writer, request: Request) -> None:
    """Answer as image services do that create an image on demand."""
    later = response_with(b"", "Retry-After: 0", status="202 Accepted")
    await send(writer, later if request.nth < 3 else response_with(IMAGE))


@register(STORED, requests=2)
async def empty_once(_: Reader, writer: Writer, request: Request) -> None:
    await send(writer, response_with(b"" if request.nth == 1 else IMAGE))


async def _send_later_unless_second(writer: Writer, request: Request, value: str) -> None:
    later = response_with(b"", f"Retry-After: {value}", status="429 Too Many Requests")
    await send(writer, later if request.nth == 1 else response_with(IMAGE))
