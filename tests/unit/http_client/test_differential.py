"""The parser beside h11 and httptools (llhttp): the same status, fields and body, or a listed difference."""

import random
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given, settings

from support.http_parsers import Parsed, Verdict, parse, parse_with_h11, parse_with_httptools
from support.http_responses import RESPONSES, damaged_responses

REFERENCES: dict[str, Callable[[bytes, str], Parsed]] = {"h11": parse_with_h11, "httptools": parse_with_httptools}

_CODING = "Codings are the caller's: the parser removes only the last one, chunked, and gives the field to the caller."
_CHUNKED_TWICE = "Some servers and proxies add the field twice; no sender may apply the coding twice (RFC 9112, 6.1)."
_NO_CODING = "identity was a coding of RFC 2616 that changes nothing; browsers read chunked and lengths beside it."
_EQUAL_LENGTHS = "RFC 9110, 8.6 lets a recipient replace equal lengths by one. The connection stays in step."
_TWO_FRAMINGS = "RFC 9112, 6.3 lets chunked override lengths. The connection is not reused."
_LAST_CHUNK = "RFC 9112, 8: a body is incomplete only without its last chunk. Its trailers do not matter."
_NO_TRAILER = "RFC 9112, 8: the body is complete. Bytes that are no trailer count as bytes behind the response."
_NO_BODY = "The response has no body, so no length matters."
_NO_FIELD = "Browsers skip the line. The connection is not reused: the line may have framed the body."
_SPACE_BEFORE_COLON = "RFC 9112, 5.1 tells a proxy to remove such spaces, so the field counts, also for framing."
_SPACE_IN_CHUNK_LINE = "RFC 9112, 7.1.1 lets a recipient skip spaces around chunk extensions; servers send them."
_BARE_LF = "RFC 9112, 2.2 lets a recipient end a line of the head at a bare LF; old servers and scripts send it."


def _in_both(reason: str, *names: str) -> dict[tuple[str, str], str]:
    return {(reference, name): reason for reference in REFERENCES for name in names}


STRICTER: dict[tuple[str, str], str] = {
    **_in_both("A head has at most 1000 lines, because each takes time to parse.", "fields, a thousand"),
    ("h11", "version 1.2"): "No such version exists.",
    ("httptools", "status 000"): "A status is 100 to 999; httpx has no place for others.",
    ("httptools", "status with a NUL in the reason"): "NUL is no character of a reason phrase (RFC 9112, 4).",
}
"""What a reference accepts and the parser rejects, with the reason."""

MORE_LENIENT: dict[tuple[str, str], str] = {
    **_in_both(_EQUAL_LENGTHS, "length twice, different spelling"),
    ("httptools", "length twice, equal"): _EQUAL_LENGTHS,
    ("httptools", "length in a list"): _EQUAL_LENGTHS,
    ("httptools", "length twice in lists"): _EQUAL_LENGTHS,
    ("httptools", "chunked and a length"): _TWO_FRAMINGS,
    **_in_both(_TWO_FRAMINGS, "chunked and two lengths", "coding that does not exist and a length"),
    **_in_both(_NO_CODING, "identity and a length"),
    ("h11", "identity, then chunked"): _NO_CODING,
    ("h11", "identity coding"): _CODING,
    ("h11", "chunked in two fields"): _CHUNKED_TWICE,
    ("h11", "chunked twice"): _CHUNKED_TWICE,
    ("h11", "gzip, then chunked"): _CODING,
    ("h11", "chunked, then gzip"): _CODING,
    ("httptools", "chunked between spaces and tabs"): "RFC 9110, 5.5: a value has no space or tab at its ends.",
    **_in_both(_LAST_CHUNK, "chunked, cut behind the last chunk", "chunked, cut in a trailer"),
    **_in_both(_NO_TRAILER, "chunked, malformed trailer"),
    ("httptools", "chunked, folded trailer"): _NO_TRAILER,
    ("httptools", "chunked, bare LF behind a trailer"): _NO_TRAILER,
    ("httptools", "chunked, extension without name"): "Extensions are ignored, so an empty one does no harm.",
    ("httptools", "chunked, space behind the size"): _SPACE_IN_CHUNK_LINE,
    **_in_both(_SPACE_IN_CHUNK_LINE, "chunked, space before the extension"),
    **_in_both(_NO_BODY, "204 with two lengths", "304 with a negative length"),
    ("h11", "HEAD with two lengths"): _NO_BODY,
    ("h11", "101"): "h11 knows that no upgrade was requested. The parser returns the status and closes the connection.",
    ("h11", "blank lines before the status"): "Old servers send a CRLF behind the body before.",
    **_in_both(
        _SPACE_BEFORE_COLON,
        "field with a space before the colon",
        "length with a space before the colon",
        "chunked with a space before the colon",
    ),
    **_in_both(
        _NO_FIELD,
        "field with a space in the name",
        "field without a colon",
        "field without a name",
        "field with a name outside ASCII",
        "field with a slash in the name",
        "field with brackets in the name",
        "field that is HTML",
        "field that is a PHP warning",
        "field that is a status line",
        "field without a colon, folded",
        "fold before the colon of a length",
    ),
    **_in_both("RFC 9112, 2.2 tells a recipient to reject or to skip such a line.", "first field folded"),
    ("httptools", "field folded"): "RFC 9112, 5.2 tells a client to replace a fold by a space.",
    ("httptools", "bare LF behind every line"): _BARE_LF,
    ("httptools", "bare LF behind one line"): _BARE_LF,
}
"""What a reference rejects and the parser accepts, with the reason."""

_RAW_FIELDS = "The parser returns fields as they arrived; h11 changes this one."

OTHERWISE: dict[tuple[str, str], str] = {
    ("h11", "chunked, coding in capitals"): _RAW_FIELDS,
    ("h11", "length twice, equal"): _RAW_FIELDS,
    ("h11", "length in a list"): _RAW_FIELDS,
    ("h11", "length twice in lists"): _RAW_FIELDS,
    ("h11", "chunked, folded trailer"): _NO_TRAILER,
    ("h11", "chunked, bare LF behind a trailer"): _NO_TRAILER,
    ("httptools", "length with a blank line behind"): "llhttp skips it. Bytes that nobody requested cost a connection.",
}
"""What both accept and read differently, with the reason."""

CASES = [
    (reference, name)
    for name, response in RESPONSES.items()
    for reference in REFERENCES
    if reference == "h11" or response.method == "GET"  # httptools is not told the method
]


def _split(raw: bytes, positions: list[int]) -> list[bytes]:
    bounds = sorted({0, *positions, len(raw)})
    return [raw[start:end] for start, end in pairwise(bounds)]


def _random_splits(raw: bytes) -> list[list[bytes]]:
    """Return the bytes whole, one by one, and split at random positions."""
    chance = random.Random(len(raw))
    positions = [[chance.randrange(len(raw) + 1) for _ in range(chance.randrange(1, 8))] for _ in range(20)]
    return [[raw], _split(raw, list(range(1, len(raw)))), *(_split(raw, some) for some in positions)]


def _difference(ours: Parsed, theirs: Parsed) -> dict[tuple[str, str], str] | None:
    """Return the table in which a difference must be listed."""
    if Verdict.WHOLE not in {ours.verdict, theirs.verdict}:
        return None  # whether the bytes are malformed or too few, neither accepts them
    if ours.verdict == theirs.verdict:
        return None if ours == theirs else OTHERWISE
    return MORE_LENIENT if ours.verdict is Verdict.WHOLE else STRICTER


@pytest.mark.parametrize(("reference", "name"), CASES)
def test_parser_agrees_with_the_reference_unless_the_difference_is_listed(reference: str, name: str) -> None:
    response = RESPONSES[name]
    ours, theirs = parse([response.raw], response.method), REFERENCES[reference](response.raw, response.method)

    table = _difference(ours, theirs)

    assert (table is None) or (reference, name) in table, f"{reference} reads {theirs}, the parser {ours}"
    listed = [known for known in (STRICTER, MORE_LENIENT, OTHERWISE) if (reference, name) in known]
    assert listed == ([] if table is None else [table]), "the list names a difference that does not exist"


def test_every_listed_difference_names_a_response_of_the_table() -> None:
    assert {*STRICTER, *MORE_LENIENT, *OTHERWISE} <= set(CASES)
    assert len(RESPONSES) >= 60


@pytest.mark.parametrize("name", RESPONSES)
def test_result_is_the_same_wherever_the_bytes_are_split(name: str) -> None:
    response = RESPONSES[name]
    expected = parse([response.raw], response.method)

    for pieces in _random_splits(response.raw):
        assert expected == parse(pieces, response.method), pieces


def _without_trailers(raw: bytes, parse_with: Callable[[bytes, str], Parsed]) -> Parsed:
    """Parse a chunked response up to its last chunk, because only the parser knows that its body is complete."""
    shortened = (parse_with(raw[:end] + b"\r\n", "GET") for end in range(len(raw), 0, -1))
    return next((parsed for parsed in shortened if parsed.verdict is Verdict.WHOLE), Parsed(Verdict.INCOMPLETE))


@settings(max_examples=500)
@given(damaged_responses())
def test_parser_agrees_with_each_reference_that_accepts_a_generated_response(raw: bytes) -> None:
    """Where both accept the head: the same verdict, status, fields and body."""
    ours = parse([raw], "GET")
    for reference, parse_with in REFERENCES.items():
        theirs = parse_with(raw, "GET")
        if (ours.verdict, theirs.verdict) == (Verdict.WHOLE, Verdict.INCOMPLETE):
            theirs = _without_trailers(raw, parse_with)
        if Verdict.MALFORMED in {ours.verdict, theirs.verdict}:
            continue
        assert theirs.verdict == ours.verdict, reference
        if ours.verdict is Verdict.WHOLE:
            assert (theirs.status, theirs.body) == (ours.status, ours.body), reference


@settings(max_examples=300)
@given(damaged_responses())
def test_result_of_a_generated_response_is_the_same_wherever_the_bytes_are_split(raw: bytes) -> None:
    expected = parse([raw], "GET")

    for pieces in _random_splits(raw)[:6]:
        assert expected == parse(pieces, "GET")
