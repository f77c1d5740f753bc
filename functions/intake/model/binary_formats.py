"""Recognizes files that are not text in UTF-8, such as workbooks saved under the name of a list."""

import re

HEAD_BYTES = 4096
"""The bytes of a file that show what it is."""

_SAVE = "save it as text in UTF-8"
_EXPORT = "open it in a spreadsheet program and save it as CSV in UTF-8, separated by commas"
_UNPACK = "unpack it first"

_MAGIC: tuple[tuple[bytes, str, str], ...] = (
    (b"\xff\xfe\x00\x00", "UTF-32", _SAVE),
    (b"\x00\x00\xfe\xff", "UTF-32", _SAVE),
    (b"\xff\xfe", "UTF-16", _SAVE),
    (b"\xfe\xff", "UTF-16", _SAVE),
    (b"\x1f\x8b", "gzip data", _UNPACK),
    (b"BZh", "bzip2 data", _UNPACK),
    (b"\xfd7zXZ\x00", "xz data", _UNPACK),
    (b"\x28\xb5\x2f\xfd", "Zstandard data", _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", _UNPACK),
    (b"Rar!", "a RAR archive", _UNPACK),
    (b"\xd0\xcf\x11\xe0", "an Excel workbook (.xls)", _EXPORT),
    (b"PAR1", "a Parquet file", "convert it to JSON lines or CSV"),
    (b"SQLite format 3", "a SQLite database", "export it as JSON lines or CSV"),
    (b"%PDF", "a PDF document", "send the list itself"),
    (b"{\\rtf", "an RTF document", _SAVE),
)
"""First bytes, what they are, and what to do."""

_WORKBOOKS = (
    (b"xl/", "an Excel workbook (.xlsx)", _EXPORT),
    (b"[Content_Types].xml", "an Office document", _EXPORT),
    (b"opendocument.spreadsheet", "an OpenDocument spreadsheet (.ods)", _EXPORT),
    (b"Index/Document.iwa", "a Numbers spreadsheet", _EXPORT),
)
"""Names in the first entries of a ZIP archive (OPC: ECMA-376-2; OpenDocument 1.2, part 3)."""

_MARKUP = re.compile(rb"\s*<(!doctype|html|\?xml|[a-z]+[\s>])", re.IGNORECASE)


def describe_other_file_type(head: bytes) -> str | None:
    """Return what the file is and what to do, as the rest of a sentence; None if it may be text in UTF-8.

    Args:
        head: the first HEAD_BYTES of the file.
    """
    found = next(((name, advice) for magic, name, advice in _MAGIC if head.startswith(magic)), None)
    for is_it in (_describe_zip, _describe_nul, _describe_markup):
        found = found or is_it(head)
    return found and f"is {found[0]}, and not text in UTF-8: {found[1]}"


def describe_bad_utf8(text: bytes) -> str | None:
    """Return where a text is not UTF-8 and what to do, as the rest of a sentence; None if it is UTF-8."""
    try:
        text.decode()
    except UnicodeDecodeError as error:
        before = text[: error.start]
        line, column = before.count(b"\n") + 1, error.start - (before.rfind(b"\n") + 1) + 1
        found = f"the byte 0x{text[error.start]:02X} at line {line} column {column}"
        return f"is not text in UTF-8: {found}; save it as UTF-8"
    return None


def _describe_zip(head: bytes) -> tuple[str, str] | None:
    if not head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return None
    return next(((name, advice) for entry, name, advice in _WORKBOOKS if entry in head), ("a ZIP archive", _UNPACK))


def _describe_nul(head: bytes) -> tuple[str, str] | None:
    """UTF-16 without a byte order mark has a NUL in every other byte of ASCII text."""
    if head[:4].count(0) == 2 and len(head) >= 4:  # noqa: PLR2004 - two characters of UTF-16
        return "UTF-16", _SAVE
    return ("binary data, with NUL bytes", "save it as text") if b"\x00" in head else None


def _describe_markup(head: bytes) -> tuple[str, str] | None:
    return ("HTML or XML", "send the list itself, not a page about it") if _MARKUP.match(head) else None
