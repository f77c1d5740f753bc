"""Which names in a Content-Encoding are codings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.download.content_coding import find_codings


@pytest.mark.parametrize(
    "value",
    [
        *(
            "",
            "identity",
            " Identity ",
            "identity, identity",
            ",",
            '""',
            "none",
            "null",
            "false",
            "undefined",
            "binary",
        ),
        *("8bit", "7bit", "base64", "raw", "plain", "aws-chunked", "AWS-Chunked,identity", "chunked", "amz-1.0"),
        *("UTF-8", "utf8", "charset=utf-8", "iso-8859-1", "windows-1251", "ascii", "en", "image/jpeg", "jpeg", "*"),
        *(
            "identity;q=1",
            '"identity"',
            "text/html; charset=UTF-8",
            "rot13",
            "\x00",
            "\u00e9",
            "uncompressed",
            "ungzip",
        ),
    ],
)
def test_value_that_names_no_coding_has_none(value: str) -> None:
    assert find_codings(value) == []


@pytest.mark.parametrize(
    ("expected", "value"),
    [
        *((name, name) for name in ("gzip", "deflate", "br", "zstd", "compress", "dcb", "dcz", "aes128gcm", "exi")),
        *(
            (name, name)
            for name in ("lzma", "xz", "bzip2", "snappy", "lz4", "brotli", "zlib", "zip", "sdch", "pack200-gzip")
        ),
        *(
            (name, name)
            for name in ("x-gzip", "x-compress", "x-deflate", "x-bzip2", "x-snappy-framed", "x-zip-compressed")
        ),
        *(
            ("gzip", value)
            for value in ("GZip", " gzip ", "gzip,", '"gzip"', "gzip;q=1", "gzip, gzip", "'gzip'", "gzip\t")
        ),
        *(
            ("gzip", value)
            for value in ("aws-chunked,gzip", "identity, gzip", "utf-8 gzip", "gzip/1.0", "application/gzip")
        ),
        ("br, gzip", "br,GZIP;x=y,,BR"),
    ],
)
def test_value_with_codings_has_them_in_lower_case_and_each_once(expected: str, value: str) -> None:
    assert expected == ", ".join(find_codings(value))


@given(st.text() | st.lists(st.sampled_from(["gzip", "br", "Secret7f3a91", "\r\n", ", ", "x-", "xz"])).map("".join))
def test_no_other_text_of_the_origin_is_returned(value: str) -> None:
    """It may repeat a signed URL, or have line breaks for the log."""
    names = find_codings(value)

    assert len(names) <= 8
    assert all(name.isascii() and len(name) < 20 and find_codings(name) == [name] for name in names)


def test_number_of_names_is_bounded() -> None:
    assert len(find_codings("gzip br zstd deflate compress xz lzma lz4 bzip2 snappy " * 1000)) == 8
