"""url_key: the identity of a URL. Signed URLs of one object differ in their signature alone, and have one key.

Only a complete signature is left out of the key: every required parameter of one vendor, each once, and named as the
vendor names it. Anything else may be a parameter of the origin's own that selects the content, so it stays in the key,
as do the parameters beside the signature (`versionId`, `response-content-type`, `rscd`, `size`). A signed URL never has
the key of the URL without its signature, because an origin may permit one and refuse the other.
"""

import re
from collections import Counter
from hashlib import sha256
from typing import NamedTuple
from urllib.parse import unquote

from intake.model.url import Url


class _Signature(NamedTuple):
    """The query parameters that sign a URL.

    Attributes:
        name: the name of the kind of signature.
        required: sets of parameters; a signature is complete if it has all of one set.
        parameters: every parameter of such a signature, required or not.
    """

    name: str
    required: list[frozenset[str]]
    parameters: frozenset[str]


def _make_signature(name: str, *required: str, optional: str = "") -> _Signature:
    sets = [frozenset(names.split()) for names in required]
    return _Signature(name, sets, frozenset(optional.split()).union(*sets))


_SIGNATURES = (
    # https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
    # The second optional one is that of directory buckets (botocore: S3ExpressQueryAuth).
    _make_signature(
        "AWS4",
        "X-Amz-Algorithm X-Amz-Credential X-Amz-Date X-Amz-Expires X-Amz-SignedHeaders X-Amz-Signature",
        optional="X-Amz-Security-Token X-Amz-S3session-Token",
    ),
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/RESTAuthentication.html
    _make_signature("AWS2", "AWSAccessKeyId Expires Signature", optional="x-amz-security-token"),
    # https://cloud.google.com/storage/docs/authentication/canonical-requests
    _make_signature(
        "GOOG4",
        "X-Goog-Algorithm X-Goog-Credential X-Goog-Date X-Goog-Expires X-Goog-SignedHeaders X-Goog-Signature",
    ),
    # https://cloud.google.com/storage/docs/access-control/signed-urls-v2
    _make_signature("GOOG2", "GoogleAccessId Expires Signature"),
    # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-signed-urls.html
    _make_signature(
        "CloudFront",
        "Expires Signature Key-Pair-Id",
        "Policy Signature Key-Pair-Id",
        optional="Hash-Algorithm",
    ),
    # https://learn.microsoft.com/rest/api/storageservices/create-service-sas
    # and, at the same place, create-account-sas and create-user-delegation-sas
    _make_signature(
        "SAS",
        "sv sr sp se sig",
        "sv sr si sig",
        "sv ss srt sp se sig",
        optional="st sip spr skoid sktid skt ske sks skv saoid suoid scid sdd",
    ),
)

_SIGNATURE_NAME = re.compile(r"[?&;](?:X-Amz-Signature|X-Goog-Signature|Signature|sig)=", re.IGNORECASE)
_VALUE = re.compile(r"(?:[\w.~@*,/+:-]|%(?:2[ABCF]|3A|40))+(?:=|%3D){0,2}", re.ASCII | re.IGNORECASE)
"""A value of such a parameter. It has no character that any server takes for the end of a parameter, as some do `;`."""


def url_key(url: Url) -> bytes:
    """Return the key of a URL, 32 bytes: the SHA-256 of its text without a complete, known signature."""
    text = str(url)
    if "?" in url.target and _SIGNATURE_NAME.search(url.target):
        text = _remove_signature(text)
    return sha256(text.encode()).digest()


def is_signed(url: Url) -> bool:
    """Whether the URL has a parameter that is named like the signature of a vendor, in whatever case or encoding."""
    return "?" in url.target and _SIGNATURE_NAME.search(unquote(url.target)) is not None


def _remove_signature(text: str) -> str:
    """Remove a complete signature; the order and the encoding of the other parameters do not change.

    The name of the signature follows as a fragment, which no other text has.
    """
    path, _, query = text.partition("?")
    parameters = query.split("&")
    names = [parameter.partition("=")[0] for parameter in parameters]
    counts = Counter(names)
    usable = {
        name
        for name, parameter in zip(names, parameters, strict=True)
        if counts[name] == 1 and _VALUE.fullmatch(parameter, len(name) + 1)
    }
    complete = [signature for signature in _SIGNATURES if any(required <= usable for required in signature.required)]
    if len(complete) != 1:
        return text
    removed = complete[0].parameters & usable
    rest = [parameter for name, parameter in zip(names, parameters, strict=True) if name not in removed]
    return "".join([path, "?" if rest else "", "&".join(rest), "#", complete[0].name])
