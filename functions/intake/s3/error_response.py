"""Reads an error response of S3: an XML `Error` with a `Code` (Amazon S3 API Reference, "Error responses")."""

import re

_CODE = re.compile(rb"<Code>([A-Za-z0-9.]{1,64})</Code>")


def error_code(content: bytes) -> str:
    """Return the code in the body of an error response, such as "NoSuchKey"; empty if there is none."""
    match = _CODE.search(content)
    return match[1].decode("ascii") if match else ""
