"""Origins whose Content-Length, Transfer-Encoding or Content-Encoding is invalid or contradicts the body."""

import gzip

from support.origin.behaviour import (
    IMAGE,
    MAX_BYTES,
    STORED,
    Reader,
    Request,
    Responder,
    Writer,
    add,
    chunks,
    head,
    reply,
    reply_in_pieces,
    response_with,
    send,
    send_forever,
)
from support.sample_images import jpeg_of_size

_SIZE = len(IMAGE)
_CHUNKED = head("Transfer-Encoding: chunked")


def _lengths(*values: object) -> bytes:
    return head(*(f"Content-Length: {value}" for value in values)) + IMAGE


add("length_too_long", reply(_lengths(_SIZE + 1)), "incomplete_body")
add("length_too_short", reply(_lengths(_SIZE - 1), close=False), "invalid_image")
add("length_zero", reply(_lengths(0), close=False), "empty_body")
add("length_over_the_cap", reply(_lengths(MAX_BYTES + 1)), "too_large")
add("length_of_a_petabyte", reply(_lengths(10**15)), "too_large")
add("length_over_64_bits", reply(_lengths(2**64)), "bad_response")
add("length_of_5000_digits", reply(_lengths("9" * 5000)), "bad_response")
add("length_negative", reply(_lengths(-1)), "bad_response")
add("length_with_plus", reply(_lengths(f"+{_SIZE}")), "bad_response")
add("length_in_hex", reply(_lengths(hex(_SIZE))), "bad_response")
add("length_not_a_number", reply(_lengths("many")), "bad_response")
add("length_empty", reply(_lengths("")), "bad_response")
add("length_fractional", reply(_lengths(f"{_SIZE}.5")), "bad_response")
add("two_different_lengths", reply(_lengths(_SIZE, _SIZE - 5)), "bad_response")
for _name, _values in {
    "two_equal_lengths": (_SIZE, _SIZE),
    "lengths_in_a_list": (f"{_SIZE}, {_SIZE}",),
    "lengths_in_lists": (f"{_SIZE},{_SIZE}", f"0{_SIZE}"),
}.items():
    add(_name, reply(_lengths(*_values), close=False), STORED)
add("lengths_in_a_list_that_differ", reply(_lengths(f"{_SIZE}, {_SIZE - 1}")), "bad_response")
add("two_lengths_and_nothing_else", reply(head("Content-Length: 5", "Content-Length: 6"), close=False), "bad_response")

_CHUNKED_BODY = chunks([IMAGE, b""])
for _name, _lines in {
    "length_and_chunked": (f"Content-Length: {_SIZE}", "Transfer-Encoding: chunked"),
    "chunked_and_length": ("Transfer-Encoding: chunked", "Content-Length: 5"),
    "chunked_and_two_lengths": ("Transfer-Encoding: chunked", "Content-Length: 5", "Content-Length: -1"),
    "chunked_twice": ("Transfer-Encoding: chunked, chunked",),
    "chunked_in_two_fields": ("Transfer-Encoding: chunked", "Transfer-Encoding: chunked"),
    "chunked_in_capitals": ("Transfer-Encoding: CHUNKED",),
    "chunked_between_tabs": ("Transfer-Encoding:\t chunked \t",),
    "chunked_behind_a_space": ("Transfer-Encoding : chunked",),
    "chunked_and_identity": ("Transfer-Encoding: identity, chunked",),
    "chunked_before_identity": ("Transfer-Encoding: chunked, identity",),
}.items():
    add(_name, reply(head(*_lines) + _CHUNKED_BODY, close=False), STORED)
add("identity_transfer_coding", reply(head("Transfer-Encoding: identity") + IMAGE), STORED)
add("identity_and_length", reply(response_with(IMAGE, "Transfer-Encoding: identity"), close=False), STORED)
add("unknown_transfer_coding", reply(head("Transfer-Encoding: binary") + IMAGE), STORED)
add("chunks_end_behind_the_last_size", reply(_CHUNKED + chunks([IMAGE]) + b"0\r\n"), STORED)
add("chunks_end_in_a_trailer", reply(_CHUNKED + chunks([IMAGE]) + b"0\r\nDigest: n"), STORED)
add("chunks_with_no_trailer", reply(_CHUNKED + chunks([IMAGE]) + b"0\r\n<br />\r\n", close=False), STORED)
add("chunks_end_in_the_last_size", reply(_CHUNKED + chunks([IMAGE]) + b"0"), "incomplete_body")
add("chunks_end_before_the_last_line_feed", reply(_CHUNKED + chunks([IMAGE]) + b"0\r"), "incomplete_body")

# The length of a body that is not read does not matter.
for _name, _values in {
    "different": (5, 6),
    "negative": (-1,),
    "of_5000_digits": ("9" * 5000,),
    "in_words": ("many",),
}.items():
    _fields = [f"Content-Length: {value}" for value in _values]
    add(f"not_found_with_length_{_name}", reply(head(*_fields, status="404 No"), close=False), "not_found")
    add(f"server_error_with_length_{_name}", reply(head(*_fields, status="500 No")), "http_server_error")
    add(f"redirect_with_length_{_name}", reply(head(*_fields, "Location: /length", status="302 Away")), STORED, 2)
    add(f"no_content_with_length_{_name}", reply(head(*_fields, status="204 No"), close=False), "unexpected_status")

add("chunk_size_not_hex", reply(_CHUNKED + chunks([IMAGE]) + b"xyz\r\n"), "bad_response")
add("chunk_size_not_hex_kept_open", reply(_CHUNKED + chunks([IMAGE]) + b"xyz\r\n", close=False), "bad_response")
add("chunk_size_not_hex_later", reply_in_pieces(_CHUNKED, chunks([IMAGE]), b"xyz\r\n"), "bad_response")
add("chunk_size_negative_later", reply_in_pieces(_CHUNKED + chunks([IMAGE[:9]]), b"-5\r\n" + IMAGE[9:]), "bad_response")
add("chunk_longer_than_its_size_later", reply_in_pieces(_CHUNKED, b"%x\r\n%b" % (_SIZE - 5, IMAGE)), "bad_response")
add("chunk_size_negative", reply(_CHUNKED + b"-5\r\n" + IMAGE), "bad_response")
add("chunk_size_over_64_bits", reply(_CHUNKED + b"f" * 17 + b"\r\n" + IMAGE), "bad_response")
add("chunk_size_huge", reply(_CHUNKED + b"7fffffffffffffff\r\n" + IMAGE), "incomplete_body")
add("chunk_longer_than_its_size", reply(_CHUNKED + b"%x\r\n%b\r\n0\r\n\r\n" % (_SIZE - 5, IMAGE)), "bad_response")
add("chunk_shorter_than_its_size", reply(_CHUNKED + b"%x\r\n%b\r\n0\r\n\r\n" % (_SIZE + 3, IMAGE)), "bad_response")
add("chunk_size_covers_last_chunk", reply(_CHUNKED + b"%x\r\n%b\r\n0\r\n\r\n" % (_SIZE + 5, IMAGE)), "incomplete_body")
add("chunks_without_last_chunk", reply(_CHUNKED + chunks([IMAGE])), "incomplete_body")
add("chunks_end_in_size_line", reply(_CHUNKED + chunks([IMAGE]) + b"3"), "incomplete_body")
add("only_last_chunk", reply(_CHUNKED + b"0\r\n\r\n", close=False), "empty_body")
add("empty_until_close", reply(head()), "empty_body")

# Parsing a body of tiny chunks costs a thousand times the work of one large chunk.
_LARGE = jpeg_of_size(90_000, seed=4)


def _in_chunks_of(size: int) -> bytes:
    return _CHUNKED + chunks(_LARGE[place : place + size] for place in range(0, len(_LARGE), size)) + b"0\r\n\r\n"


add("chunks_of_a_hundred_bytes", reply(_in_chunks_of(100), close=False), STORED)
add("chunks_of_forty_bytes", reply(_in_chunks_of(40), close=False), STORED)
add("chunks_of_a_byte", reply(_in_chunks_of(1), close=False), "bad_response")


def _send_endlessly(data: bytes) -> Responder:
    async def respond(_: Reader, writer: Writer, __: Request) -> None:
        await send(writer, _CHUNKED + chunks([IMAGE]))
        await send(writer, data[:1])
        await send_forever(writer, data[1:] * 1000)

    return respond


add("endless_extension_at_full_speed", _send_endlessly(b"5;xxxxxxxxx"), "bad_response")
add("endless_chunk_size_at_full_speed", _send_endlessly(b"0000000000"), "bad_response")

_GZIPPED = gzip.compress(IMAGE)
for _name, _fields, _body in (
    ("gzip", ["Content-Encoding: gzip"], _GZIPPED),
    ("gzip_in_gzip", ["Content-Encoding: gzip, gzip"], gzip.compress(_GZIPPED)),
    ("gzip_in_two_headers", ["Content-Encoding: identity", "Content-Encoding: gzip"], _GZIPPED),
    ("gzip_in_capitals", ["CONTENT-ENCODING: X-GZIP"], _GZIPPED),
    ("gzip_label_on_plain_body", ["Content-Encoding: gzip"], IMAGE),
    ("brotli", ["Content-Encoding: br"], IMAGE),
    ("compress", ["Content-Encoding: x-compress"], IMAGE),
    ("xz_behind_aws_chunked", ["Content-Encoding: aws-chunked, xz"], IMAGE),
):
    add(_name, reply(response_with(_body, *_fields), close=False), "unsupported_encoding")
for _name, _values in {
    "unknown": ("rot13",),
    "aws_chunked": ("aws-chunked",),
    "utf_8": ("UTF-8",),
    "none": ("none",),
    "binary": ("binary",),
    "identity_twice": ("identity, identity",),
    "in_two_fields": ("aws-chunked", "utf-8"),
    "empty": ("",),
    "quoted": ('""',),
    "latin_1": ("\u00e9",),
}.items():
    _fields = [f"Content-Encoding: {value}" for value in _values]
    add(f"encoding_{_name}", reply(response_with(IMAGE, *_fields), close=False), STORED)

add(
    "gzip_transfer_coding",
    reply(head("Transfer-Encoding: gzip, chunked") + chunks([_GZIPPED, b""]), close=False),
    "unsupported_encoding",
)
add("gzip_transfer_coding_alone", reply(head("Transfer-Encoding: gzip") + _GZIPPED), "unsupported_encoding")
add("gzip_unlabelled", reply(response_with(_GZIPPED), close=False), "unsupported_type")
