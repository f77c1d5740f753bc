"""Files that are not text in UTF-8."""

import bz2
import gzip
import io
import lzma
import zipfile

import pytest

from intake.model.binary_formats import HEAD_BYTES, describe_other_file_type

LIST = "url\nhttps://a.example/1\n"


def archive(*names: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as file:
        for name in names:
            file.writestr(name, "application/vnd.oasis.opendocument.spreadsheet" if name == "mimetype" else "")
    return target.getvalue()


@pytest.mark.parametrize(
    ("expected", "content"),
    [
        ("UTF-16", LIST.encode("utf-16")),
        ("UTF-16", LIST.encode("utf-16-le")),
        ("UTF-16", b"\xfe\xff" + LIST.encode("utf-16-be")),
        ("UTF-32", LIST.encode("utf-32")),
        ("gzip data", gzip.compress(LIST.encode(), mtime=0)),
        ("bzip2 data", bz2.compress(LIST.encode())),
        ("xz data", lzma.compress(LIST.encode())),
        ("an Excel workbook (.xlsx)", archive("[Content_Types].xml", "xl/workbook.xml")),
        ("an Excel workbook (.xls)", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
        ("an OpenDocument spreadsheet (.ods)", archive("mimetype", "content.xml")),
        ("a Numbers spreadsheet", archive("Index/Document.iwa")),
        ("a ZIP archive", archive("list.csv")),
        ("a Parquet file", b"PAR1\x15\x04"),
        ("HTML or XML", b"\r\n<?xml version='1.0'?>"),
        ("binary data, with NUL bytes", b"url\nhttps://a.example/\x00\n"),
    ],
)
def test_format_is_named(expected: str, content: bytes) -> None:
    assert str(describe_other_file_type(content[:HEAD_BYTES])).startswith(f"is {expected}, and not text in UTF-8: ")


@pytest.mark.parametrize(
    "content", [b"", b"u", LIST.encode(), b"\xef\xbb\xbfurl", "\u00e4,url".encode(), b"<a,url", b"PK,url"]
)
def test_text_is_not_taken_for_something_else(content: bytes) -> None:
    assert describe_other_file_type(content) is None
