"""KnownDocument: what is written is read again, and nothing else is read."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.image.formats import FORMATS
from intake.known.known_document import KnownDocument
from intake.known.known_image import KnownImage
from intake.known.validators import Validators
from intake.model.image_info import ImageInfo, ImageWarning
from intake.model.limits import ROBOTS_DIRECTIVES

URL, FINAL = "1" * 64, "2" * 64
DIGEST = "3f" + "a" * 62
ENTRY = {
    "finalUrl": FINAL,
    "etag": '"a\\"',
    "lastModified": "Sat, 05 Nov 2022 08:00:00 GMT",
    "freshUntil": 1795953900,
    "key": f"images/3f/{DIGEST}.jpg",
    "bytes": 153582,
    "width": 1000,
    "height": 750,
    "frames": 1,
    "warnings": ["trailing_data", "missing_pictures"],
    "verification": "decode",
    "absentDirectives": ["noai", "noindex"],
}
SHORT = {name: ENTRY[name] for name in ("key", "bytes", "width", "height", "frames")}
WARNINGS = (ImageWarning.TRAILING_DATA, ImageWarning.MISSING_PICTURES)
IMAGE = ImageInfo("jpeg", 1000, 750, 1, "image/jpeg", "jpg")
VALIDATORS = Validators('"a\\"', "Sat, 05 Nov 2022 08:00:00 GMT")
WRITTEN = "2026-11-29T12:00:00Z"


def document(entry: Any = ENTRY, **members: Any) -> bytes:
    """Return a document with one image; `members` replace those of the document."""
    return json.dumps({"version": 1, "writtenAt": WRITTEN, "images": {URL: entry}} | members).encode()


@pytest.mark.parametrize(
    ("expected", "entry"),
    [
        (
            KnownImage(
                bytes.fromhex(FINAL),
                DIGEST,
                153582,
                IMAGE._replace(warnings=WARNINGS, is_decoded=True),
                VALIDATORS,
                1795953900.0,
                frozenset({"noindex", "noai"}),
            ),
            ENTRY,
        ),
        (KnownImage(bytes.fromhex(URL), DIGEST, 153582, IMAGE), SHORT),
    ],
)
def test_document_is_written_and_read_with_the_same_members(expected: KnownImage, entry: dict[str, Any]) -> None:
    known = KnownDocument({bytes.fromhex(URL): expected}, 1795953600.0)
    assert json.loads(document(entry)) == json.loads(known.to_json())
    assert json.loads(document(entry)) == known.to_members()
    assert known == KnownDocument.parse(document(entry))
    assert known == KnownDocument.parse_members(json.loads(document(entry)))


def test_unknown_members_are_ignored() -> None:
    """A later version may add some."""
    assert KnownDocument.parse(document()) == KnownDocument.parse(document(ENTRY | {"colors": [1]}, note={"x": None}))


@pytest.mark.parametrize(("extension", "name"), [(row.extension, name) for name, row in FORMATS.items()])
def test_type_follows_from_the_key(extension: str, name: str) -> None:
    known = KnownDocument.parse(document(ENTRY | {"key": f"images/3f/{DIGEST}.{extension}"}))
    (image,) = known.images.values()
    assert (name, FORMATS[name].content_type) == (image.image.type, image.image.content_type)
    assert f"images/3f/{DIGEST}.{extension}" == image.key


@pytest.mark.parametrize(
    ("member", "values"),
    [
        ("finalUrl", [None, 1, "", "2" * 63, "2" * 65, "A" * 64, "g" * 64, "2" * 64 + "\n", "\u0662" * 64]),
        ("etag", [1, ["a"], "", "a", 'W/"a"', '"a\r\nX: y"', '"a\x00"', '"a", "b"', '"\u00e9"', f'"{"x" * 255}"']),
        (
            "lastModified",
            [1, [], "", "now", "0", "Sat, 05 Nov 2022 08:00:00 GMT\r\nX: y", "Sat, 99 Nov 2022 08:00:00 GMT"],
        ),
        ("freshUntil", [None, "1795953900", 1.5, True, 0, -1, 2**41, 10**400, WRITTEN]),
        ("key", [None, 1, "", f"images/3f/{DIGEST}.svg", f"images/3f/{DIGEST}", f"images/3f/{'a' * 64}.jpg"]),
        (
            "key",
            [
                f"receipts/3f/{DIGEST}.jpg",
                f"images/3f/{DIGEST}.jpg\n",
                f"images/3f/../{DIGEST}.jpg",
                f"images/3F/{DIGEST}.jpg",
            ],
        ),
        *(
            (name, [None, "1", 1.0, True, 0, -1, 2**41, 10**400, [1], {}])
            for name in ("bytes", "width", "height", "frames")
        ),
        (
            "warnings",
            [None, "trailing_data", {"trailing_data": 1}, ["x"], [1], [["trailing_data"]], ["trailing_data"] * 2],
        ),
        ("verification", [None, "", "Decode", "structure", True, 1, ["decode"], {}]),
        ("absentDirectives", [None, "noai", {"noai": 1}, ["none"], ["NoAI"], [1], [["noai"]], ["noai"] * 2]),
    ],
)
def test_entry_is_refused_when_a_member_has_another_value(member: str, values: list[object]) -> None:
    for value in values:
        with pytest.raises(ValueError, match=r"expected|another type"):
            KnownDocument.parse(document(ENTRY | {member: value}))


@pytest.mark.parametrize("member", [*ENTRY, "version", "writtenAt", "images"])
def test_message_does_not_repeat_the_document(member: str) -> None:
    """It is logged."""
    for long in ("x" * 9000, ["x" * 9000], {"x" * 9000: 1}, [[f"x{i}"] for i in range(9000)]):
        body = document(ENTRY | {member: long}) if member in ENTRY else document(**{member: long})
        with pytest.raises(ValueError, match=r"\A.{0,200}\Z"):
            KnownDocument.parse(body)


@pytest.mark.parametrize("member", SHORT)
def test_entry_is_refused_when_a_member_is_missing(member: str) -> None:
    with pytest.raises(ValueError, match="missing"):
        KnownDocument.parse(document({name: value for name, value in SHORT.items() if name != member}))


OTHER_MEMBERS: list[dict[str, Any]] = [
    *({"version": version} for version in (None, 0, 2, "1", True, 1.0, [1], 10**400)),
    *({"writtenAt": text} for text in (None, 1, "", "2026-11-29", "2026-13-29T12:00:00Z", "2026-11-29T12:00:00")),
    *(
        {"writtenAt": text}
        for text in (f"{WRITTEN}\n", "2026-11-29 12:00:00Z", "2026-11-29T12:00:00+01:00", "2026-W48-7T12:00:00Z")
    ),
    *({"images": images} for images in (None, [ENTRY], "x", 1, {URL: None}, {URL: [ENTRY]}, {URL: "x"}, {URL: URL})),
    *({"images": {key: ENTRY}} for key in ("", "1" * 63, "G" * 64, "A" * 64, f"{URL} ")),
    {"note": "x" * 5_000_000},
]


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{}", b"[]", b"null", b"1", b'"x"', b"\xff\xfe", b"{" * 10),
        *(document()[:-1], document() + b"x", document().decode().encode("utf-16")),
        *(b'{"version":' + b"9" * 5000 + b"}", b'{"version":1e999}', b'{"version":NaN}'),
        *(b"[" * 500_000, b'{"x":' * 200_000, b"[" * 5_000_000),
        *(document(**members) for members in OTHER_MEMBERS),
    ],
    ids=lambda body: repr(body[:40]),
)
def test_document_is_refused_when_it_is_another(body: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the message is that of whatever found the fault
        KnownDocument.parse(body)


def test_longest_document_of_the_largest_file_is_read() -> None:
    """500 base images and the file, with the longest entity tags that JSON makes longer still."""
    entry = ENTRY | {
        "etag": f'"{chr(92) * 254}"',
        "warnings": [*ImageWarning],
        "absentDirectives": [*ROBOTS_DIRECTIVES],
    }
    entries = {f"{number:064x}": entry for number in range(501)}
    assert len(KnownDocument.parse(document(images=entries)).images) == 501


digests = st.binary(min_size=32, max_size=32)
numbers = st.integers(1, 2**40)
etags = st.text(st.characters(min_codepoint=0x23, max_codepoint=0x7E), max_size=254).map('"{}"'.format)
dates = st.sampled_from(["Sat, 05 Nov 2022 08:00:00 GMT", "Sat Nov  5 08:00:00 2022"])
images = st.sampled_from(sorted(FORMATS)).flatmap(
    lambda name: st.builds(
        ImageInfo,
        st.just(name),
        width=numbers,
        height=numbers,
        frames=numbers,
        content_type=st.just(FORMATS[name].content_type),
        extension=st.just(FORMATS[name].extension),
        warnings=st.lists(st.sampled_from(ImageWarning), unique=True).map(tuple),
    )
)
known_images = st.builds(
    KnownImage,
    digests,
    digests.map(bytes.hex),
    numbers,
    images,
    st.none()
    | st.builds(Validators, etag=etags, last_modified=st.none() | dates)
    | st.builds(Validators, st.none(), dates),
    st.none() | numbers.map(float),
    st.frozensets(st.sampled_from(ROBOTS_DIRECTIVES)),
)


@given(st.dictionaries(digests, known_images, max_size=3), st.integers(946_684_800, 4_102_444_799))
def test_every_document_is_read_as_it_was_written(entries: dict[bytes, KnownImage], written_at: int) -> None:
    known = KnownDocument(entries, float(written_at))
    assert known == KnownDocument.parse(known.to_json())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from([*ENTRY, "version", "images", URL]) | st.text(), inner)
    ),
)


@given(JSON, st.sampled_from(sorted(ENTRY)))
def test_any_other_json_is_refused_with_a_value_error(value: object, member: str) -> None:
    for body in (
        json.dumps(value).encode(),
        document(value),
        document(ENTRY | {member: value}),
        document(images=value),
    ):
        try:
            known = KnownDocument.parse(body)
        except ValueError:
            continue
        assert known == KnownDocument.parse(known.to_json())
