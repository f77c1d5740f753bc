"""Origins that say one thing about their body and send another."""

import gzip

from support.origin.behaviour import (
    IMAGE,
    MOST,
    STORED,
    Act,
    Reader,
    Request,
    Writer,
    add,
    chunks,
    head,
    in_pieces,
    says,
    send,
    send_forever,
    sized,
)
from support.sample_images import jpeg_of_size

_SIZE = len(IMAGE)
_CHUNKED = head("Transfer-Encoding: chunked")


def _lengths(*values: object) -> bytes:
    return head(*(f"Content-Length: {value}" for value in values)) + IMAGE


add("length_too_long", says(_lengths(_SIZE + 1)), "incomplete_body")
add("length_too_short", says(_lengths(_SIZE - 1), end=False), "invalid_image")
add("length_zero", says(_lengths(0), end=False), "empty_body")
add("length_over_the_cap", says(_lengths(MOST + 1)), "too_large")
add("length_of_a_petabyte", says(_lengths(10**15)), "too_large")
add("length_over_64_bits", says(_lengths(2**64)), "bad_response")
add("length_of_5000_digits", says(_lengths("9" * 5000)), "bad_response")
add("length_negative", says(_lengths(-1)), "bad_response")
add("length_with_plus", says(_lengths(f"+{_SIZE}")), "bad_response")
add("length_in_hex", says(_lengths(hex(_SIZE))), "bad_response")
add("length_not_a_number", says(_lengths("many")), "bad_response")
add("length_empty", says(_lengths("")), "bad_response")
add("length_and_a_half", says(_lengths(f"{_SIZE}.5")), "bad_response")
add("lengths_that_differ", says(_lengths(_SIZE, _SIZE - 5)), "bad_response")
add("lengths_that_agree", says(_lengths(_SIZE, _SIZE)), "bad_response")
add("lengths_in_a_list", says(_lengths(f"{_SIZE}, {_SIZE}")), "bad_response")
add(
    "length_and_chunked",
    says(head(f"Content-Length: {_SIZE}", "Transfer-Encoding: chunked") + chunks([IMAGE, b""])),
    "bad_response",
)
add(
    "chunked_and_length",
    says(head("Transfer-Encoding: chunked", f"Content-Length: {_SIZE}") + chunks([IMAGE, b""])),
    "bad_response",
)
add("chunked_twice", says(head("Transfer-Encoding: chunked, chunked") + chunks([IMAGE, b""])), "unsupported_encoding")
add("chunk_size_not_hex", says(_CHUNKED + chunks([IMAGE]) + b"xyz\r\n"), "bad_response")
add("chunk_size_not_hex_and_kept", says(_CHUNKED + chunks([IMAGE]) + b"xyz\r\n", end=False), "bad_response")
add("chunk_size_not_hex_later", in_pieces(_CHUNKED, chunks([IMAGE]), b"xyz\r\n"), "bad_response")
add("chunk_size_negative_later", in_pieces(_CHUNKED + chunks([IMAGE[:9]]), b"-5\r\n" + IMAGE[9:]), "bad_response")
add("chunk_longer_than_said_later", in_pieces(_CHUNKED, b"%x\r\n%b" % (_SIZE - 5, IMAGE)), "bad_response")
add("chunk_size_negative", says(_CHUNKED + b"-5\r\n" + IMAGE), "bad_response")
add("chunk_size_over_64_bits", says(_CHUNKED + b"f" * 17 + b"\r\n" + IMAGE), "bad_response")
add("chunk_size_huge", says(_CHUNKED + b"7fffffffffffffff\r\n" + IMAGE), "incomplete_body")
add("chunk_longer_than_said", says(_CHUNKED + b"%x\r\n%b\r\n0\r\n\r\n" % (_SIZE - 5, IMAGE)), "bad_response")
add("chunk_shorter_than_said", says(_CHUNKED + b"%x\r\n%b\r\n0\r\n\r\n" % (_SIZE + 3, IMAGE)), "bad_response")
add("chunk_that_swallows_the_end", says(_CHUNKED + b"%x\r\n%b\r\n0\r\n\r\n" % (_SIZE + 5, IMAGE)), "incomplete_body")
add("chunks_without_end", says(_CHUNKED + chunks([IMAGE])), "incomplete_body")
add("chunks_cut_in_size", says(_CHUNKED + chunks([IMAGE]) + b"3"), "incomplete_body")
add("chunks_of_nothing", says(_CHUNKED + b"0\r\n\r\n", end=False), "empty_body")
add("nothing_until_close", says(head()), "empty_body")

# A body that is nearly all framing costs a thousand times the work of one that is not.
_LARGE = jpeg_of_size(90_000, seed=4)


def _in_chunks_of(size: int) -> bytes:
    return _CHUNKED + chunks(_LARGE[place : place + size] for place in range(0, len(_LARGE), size)) + b"0\r\n\r\n"


add("chunks_of_a_hundred_bytes", says(_in_chunks_of(100), end=False), STORED)
add("chunks_of_forty_bytes", says(_in_chunks_of(40), end=False), STORED)
add("chunks_of_a_byte", says(_in_chunks_of(1), end=False), "bad_response")


def _endlessly(data: bytes) -> Act:
    async def act(_: Reader, writer: Writer, __: Request) -> None:
        await send(writer, _CHUNKED + chunks([IMAGE]))
        await send(writer, data[:1])
        await send_forever(writer, data[1:] * 1000)

    return act


add("endless_extension_at_full_speed", _endlessly(b"5;xxxxxxxxx"), "bad_response")
add("endless_chunk_size_at_full_speed", _endlessly(b"0000000000"), "bad_response")

_GZIPPED = gzip.compress(IMAGE)
for _name, _lines, _body in (
    ("gzip", ["Content-Encoding: gzip"], _GZIPPED),
    ("gzip_in_gzip", ["Content-Encoding: gzip, gzip"], gzip.compress(_GZIPPED)),
    ("gzip_in_two_headers", ["Content-Encoding: identity", "Content-Encoding: gzip"], _GZIPPED),
    ("gzip_in_capitals", ["CONTENT-ENCODING: X-GZIP"], _GZIPPED),
    ("gzip_in_name_only", ["Content-Encoding: gzip"], IMAGE),
    ("brotli", ["Content-Encoding: br"], IMAGE),
    ("unheard_of_encoding", ["Content-Encoding: rot13"], IMAGE),
):
    add(_name, says(sized(_body, *_lines), end=False), "unsupported_encoding")

add(
    "gzip_in_transfer",
    says(head("Transfer-Encoding: gzip, chunked") + chunks([_GZIPPED, b""]), end=False),
    "unsupported_encoding",
)
add("gzip_in_transfer_alone", says(head("Transfer-Encoding: gzip") + _GZIPPED), "unsupported_encoding")
add("gzip_unlabelled", says(sized(_GZIPPED), end=False), "unsupported_type")
add("chunked_in_capitals", says(head("Transfer-Encoding: CHUNKED") + chunks([IMAGE, b""]), end=False), STORED)
