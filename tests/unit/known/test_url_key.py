"""`url_key`: one key for one object however it is signed, and never one key for two objects."""

from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256

import pytest
from botocore.auth import HmacV1QueryAuth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.signers import CloudFrontSigner
from hypothesis import given
from hypothesis import strategies as st

from intake.known.url_key import is_signed, url_key
from intake.model.url import Url

BASE = "https://a.example/x/1%20%7e.png"
HEX = "0123456789abcdef" * 4
AWS4 = (
    "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIA%2F20261129%2Feu-west-1%2Fs3%2Faws4_request"
    f"&X-Amz-Date=20261129T120000Z&X-Amz-Expires=900&X-Amz-SignedHeaders=host&X-Amz-Signature={HEX}"
)
AWS2 = "AWSAccessKeyId=AKIA&Expires=1795953600&Signature=vjbyPxybdZaNmGa%2ByT272YEAiv4%3D"
GOOG4 = (
    "X-Goog-Algorithm=GOOG4-RSA-SHA256&X-Goog-Credential=me%40p.iam.gserviceaccount.com%2F20261129%2Fauto%2Fstorage"
    f"%2Fgoog4_request&X-Goog-Date=20261129T120000Z&X-Goog-Expires=900&X-Goog-SignedHeaders=host&X-Goog-Signature={HEX}"
)
GOOG2 = "GoogleAccessId=me@p.iam.gserviceaccount.com&Expires=1795953600&Signature=rucSbFCNNjg5/Vv%2Bq8Q%3D%3D"
CANNED = "Expires=1795953600&Signature=nitfHRCrtziwO2HwPfWw~yYDhUF5EwRunQA-j19DzZr__&Key-Pair-Id=K2JCJMDEHXQW5F"
CUSTOM = "Policy=eyANCiAgICEXAMPLEW1lbnQi~-_&Signature=nitfHRCrtziwO2HwPfWw~yY__&Key-Pair-Id=K2JCJMDEHXQW5F"
SERVICE_SAS = (
    "sv=2022-11-02&sr=b&sp=r&st=2026-11-29T12:00:00Z&se=2026-11-29T13%3A00%3A00Z&spr=https&sig=Z%2FRHIX5Xcg0%3D"
)
POLICY_SAS = "sv=2022-11-02&sr=c&si=readers&sig=Z%2FRHIX5Xcg0Mq2rqI3OlWTjEg2tYkboXr1P9ZUXDtkk%3D"
ACCOUNT_SAS = "sv=2022-11-02&ss=bf&srt=sco&sp=rl&se=2026-12-01&sip=192.0.2.1-192.0.2.9&spr=https,http&sig=F%2B6A=="
USER_SAS = (
    "sp=r&st=2026-11-29T12:00:00Z&se=2026-11-29T20:00:00Z&skoid=0f1e-22&sktid=33-44&skt=2026-11-29T12:00:00Z"
    "&ske=2026-11-29T20:00:00Z&sks=b&skv=2022-11-02&spr=https&sv=2022-11-02&sr=b&sig=Z%2FRHIX%3D"
)
SIGNATURES = [
    AWS4,
    f"{AWS4}&X-Amz-Security-Token=IQoJb3JpZ2lu%2F%2F%2B%3D",
    f"X-Amz-S3session-Token=AgV4dG9rZW4%3D&{AWS4}",
    AWS2,
    f"{AWS2}&x-amz-security-token=IQoJb3JpZ2lu",
    GOOG4,
    GOOG2,
    CANNED,
    f"{CANNED}&Hash-Algorithm=SHA256",
    CUSTOM,
    f"{CUSTOM}&Expires=1795953600",
    SERVICE_SAS,
    POLICY_SAS,
    ACCOUNT_SAS,
    USER_SAS,
]


def key_of(query: str, base: str = BASE) -> bytes:
    return url_key(Url.parse(f"{base}?{query}" if query else base))


def sign_again(query: str) -> str:
    """Return the parameters in the opposite order, with a later signature."""
    return "&".join(reversed(query.split("&"))).replace("ig=", "ig=Zz").replace("ignature=", "ignature=00")


@pytest.mark.parametrize(
    "text", [BASE, f"{BASE}?", f"{BASE}?a=1&b", f"{BASE}?Signature=1", "http://[2001:db8::1]:81/?sig=1"]
)
def test_key_of_unsigned_url_is_the_digest_of_its_text(text: str) -> None:
    assert sha256(text.encode()).digest() == url_key(Url.parse(text))


@pytest.mark.parametrize("signature", SIGNATURES)
@pytest.mark.parametrize(
    "rest", ["", "versionId=3&", "a=1&a=2&b&=&", "response-content-type=image%2Fpng&rscd=x;y&%41=/?&"]
)
def test_signature_is_not_part_of_the_key(signature: str, rest: str) -> None:
    again = sign_again(signature)
    assert key_of(rest + signature) == key_of(rest + again)
    assert key_of(rest + signature) == key_of(f"{again}&{rest[:-1]}" if rest else again)


@pytest.mark.parametrize("signature", SIGNATURES)
def test_everything_else_is_part_of_the_key(signature: str) -> None:
    same = key_of(f"a=1&b=2&{signature}")
    others = [f"b=2&a=1&{signature}", f"a=1&{signature}", f"a=1&b=%32&{signature}", f"a=1&b=2&&{signature}", "a=1&b=2"]
    others += [
        f"a=1&b=2&{signature}&{name}={name}" for name in ("versionId", "a", "snapshot", "rscd", "X-Amz-signature")
    ]
    keys = [key_of(query) for query in others]
    keys += [
        key_of(signature),
        key_of(f"&{signature}"),
        key_of(""),
        key_of(signature, "http://a.example/x/1%20%7e.png"),
    ]
    keys += [
        key_of(f"a=1&b=2&{signature}", base) for base in ("https://b.example/x/1%20%7e.png", BASE.upper(), f"{BASE}/")
    ]
    assert len({same, *keys}) == 1 + len(keys)


def variants(signature: str) -> list[str]:
    """Return queries that no signer writes: a parameter is missing, twice, renamed, or contains another one."""
    parameters = signature.split("&")
    found = []
    for index, parameter in enumerate(parameters):
        name, _, value = parameter.partition("=")
        others: list[list[str]] = [
            [],
            [parameter, parameter],
            [parameter, f"{name}=1"],
            [parameter, name],
            [f"{name.swapcase()}={value}"],
            [f"%{ord(name[0]):x}{name[1:]}={value}"],
            [f"{name}[]={value}"],
            [f"{name}="],
            [name],
            [f"{name}={value};id=7"],
            [f"{name}={value}%3Bid"],
            [f"{name}={value}%26id=7"],
            [f"{name}={value}=7"],
            [f"{name}={value}?id=7"],
            [f"x;{name}={value}"],
            [f"{name}=%00"],
            [f"{name}=%C3%A9"],
        ]
        found += ["&".join([*parameters[:index], *other, *parameters[index + 1 :]]) for other in others]
    return found


@pytest.mark.parametrize("signature", [AWS4, AWS2, GOOG4, GOOG2, CANNED, CUSTOM, POLICY_SAS])
def test_incomplete_signature_stays_in_the_key(signature: str) -> None:
    for query in variants(signature):
        text = f"{BASE}?{query}"
        assert sha256(text.encode()).digest() == url_key(Url.parse(text)), query


@pytest.mark.parametrize(
    "query",
    [
        f"{AWS2}&Key-Pair-Id=K2",
        f"{AWS4}&{AWS2}",
        f"{GOOG2}&AWSAccessKeyId=A",
        f"{CANNED}&{SERVICE_SAS}",
        f"{AWS4}&{GOOG4}",
    ],
)
def test_two_signatures_stay_in_the_key(query: str) -> None:
    assert key_of(query) == sha256(f"{BASE}?{query}".encode()).digest()


def sign_version_4(url: str, expires: int, credentials: Credentials) -> str:
    request = AWSRequest("GET", url)
    S3SigV4QueryAuth(credentials, "s3", "eu-west-1", expires=expires).add_auth(request)
    return str(request.url)


def sign_version_2(url: str, expires: int, credentials: Credentials) -> str:
    request = AWSRequest("GET", url)
    HmacV1QueryAuth(credentials, expires=expires).add_auth(request)
    return str(request.url)


def sign_for_cloudfront(url: str, expires: int, credentials: Credentials) -> str:
    signer = CloudFrontSigner(credentials.access_key, lambda message: sha256(message).digest())
    return str(signer.generate_presigned_url(url, datetime.fromtimestamp(expires, UTC)))


@pytest.mark.parametrize(
    ("signature", "sign"),
    [(AWS4, sign_version_4), (AWS2, sign_version_2), (CANNED, sign_for_cloudfront)],
    ids=["AWS4", "AWS2", "CloudFront"],
)
@pytest.mark.parametrize("token", [None, "IQoJb3JpZ2luX2VjE//+=="])
def test_urls_that_botocore_signs_share_a_key(
    signature: str, sign: Callable[[str, int, Credentials], str], token: str | None
) -> None:
    first = sign(f"{BASE}?versionId=3", 900, Credentials("AKIA1", "secret", token))
    second = sign(f"{BASE}?versionId=3", 901, Credentials("AKIA2", "secret", token))
    assert first != second
    assert url_key(Url.parse(first)) == url_key(Url.parse(second)) == key_of(f"versionId=3&{signature}")


@pytest.mark.parametrize(
    ("expected", "query"),
    [
        *((True, signature) for signature in SIGNATURES),
        (True, "sig=1"),
        (True, "a=1&SIGNATURE=1"),
        (True, "x-amz-signature="),
        (True, "X%2dAmz%2DSignature=1"),
        (True, "a;signature=1"),
        (False, ""),
        (False, "a=sig"),
        (False, "a=1&design=2&signatures=3"),
    ],
)
def test_url_is_signed_when_a_parameter_is_named_like_a_signature(expected: bool, query: str) -> None:  # noqa: FBT001 - the expected value
    assert expected is is_signed(Url.parse(f"{BASE}?{query}"))
    assert not is_signed(Url.parse("https://a.example/sig=1&signature=2"))


NAMES = sorted(
    {parameter.partition("=")[0] for signature in SIGNATURES for parameter in signature.split("&")} | {"a", ""}
)
PARAMETERS = st.builds("{}{}".format, st.sampled_from(NAMES), st.sampled_from(["", "=", "=1", "=2", "=1;a", "=%3B"]))


@given(
    st.lists(st.sampled_from(["a=1", "a=2", "a", "", "b;c", "versionId=1"]), max_size=4),
    st.lists(st.sampled_from(["a=1", "a=2", "a", "", "b;c", "versionId=1"]), max_size=4),
    st.sampled_from(SIGNATURES),
    st.data(),
)
def test_keys_are_equal_only_when_the_other_parameters_are(
    first: list[str], second: list[str], signature: str, data: st.DataObject
) -> None:
    def sign(rest: list[str]) -> bytes:
        parameters = list(rest)
        for parameter in sign_again(signature).split("&"):
            parameters.insert(data.draw(st.integers(0, len(parameters))), parameter)
        return key_of("&".join(parameters))

    assert (first == second) is (sign(first) == sign(second))


@given(st.lists(PARAMETERS, max_size=8), st.sampled_from(["", *SIGNATURES]))
def test_parameter_that_stands_twice_is_part_of_the_key(parameters: list[str], signature: str) -> None:
    query = "&".join([*parameters, signature])
    names = [parameter.partition("=")[0] for parameter in query.split("&")]
    for index in (index for index, name in enumerate(names) if names.count(name) > 1):
        changed = query.split("&")
        changed[index] += "x"
        assert key_of(query) != key_of("&".join(changed))
