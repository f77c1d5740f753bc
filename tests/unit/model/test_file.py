"""`File.parse`: which documents are Files, and every fault of those that are not."""

import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from intake.model.file import Fault, File, ImageRequest, InvalidFile, Role
from intake.model.file_faults import MAX_MISSPELLED

URL = "https://a.example/1.png"
SHA256 = "0123456789abcdef" * 4


def faults_of(document: object, **options: int) -> dict[str, str]:
    with pytest.raises(InvalidFile) as caught:
        File.parse(document, **options)
    faults = {fault.path: fault.message for fault in caught.value.faults}
    assert len(caught.value.faults) == len(faults)
    return faults


def test_file_has_its_image_first_and_then_its_base_images() -> None:
    """Both forms of a base image may be mixed; unknown members are ignored."""
    file = File.parse(
        {
            "id": "lot-7-cam-2",
            "fileUrl": "https://a.example/inspect.jpg",
            "sha256": SHA256.upper(),
            "baseUrls": [
                {"url": URL, "sha256": SHA256, "lot": 1},
                ["https://a.example/2.png", 5, None],
                {"url": ""},
            ],
            "lot": 7,
        }
    )
    assert file.id == "lot-7-cam-2"
    assert file.images == (
        ImageRequest(Role.FILE, 0, "https://a.example/inspect.jpg", SHA256),
        ImageRequest(Role.BASE, 0, URL, SHA256),
        ImageRequest(Role.BASE, 1, "https://a.example/2.png", None),
        ImageRequest(Role.BASE, 2, "", None),
    )


def test_url_list_has_images_of_role_image() -> None:
    file = File.parse({"urls": [URL, {"url": "not a url", "sha256": SHA256}, URL]})
    assert file.images == (
        ImageRequest(Role.IMAGE, 0, URL, None),
        ImageRequest(Role.IMAGE, 1, "not a url", SHA256),
        ImageRequest(Role.IMAGE, 2, URL, None),
    )


def test_parse_reports_every_fault_with_its_path() -> None:
    expected = {
        "fileUrl": "must be a string, got a number",
        "sha256": "must match ^[0-9A-Fa-f]{64}$",
        "id": "must match ^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$",
        "baseUrls[0]": 'must be an object or a list, got a string: write {"url": "https://..."}',
        "baseUrls[1]": 'must be an object or a list, got null: write {"url": "https://..."}',
        "baseUrls[2].url": "is missing",
        "baseUrls[3].url": "must be a string, got a number",
        "baseUrls[4][0]": "is missing",
        "baseUrls[5][0]": "must be a string, got an object",
        "baseUrls[6].url": "must be a string, got a boolean",
        "baseUrls[6].sha256": "must be a string, got a list",
        "baseUrls[7][0]": "must be Unicode text",
    }
    bases = [URL, None, {}, {"url": 1.5}, [], [{"url": URL}], {"url": True, "sha256": []}, ["\ud800"]]
    assert expected == faults_of({"fileUrl": 7, "sha256": SHA256[1:], "id": "../x", "baseUrls": bases})


MISSING = "is missing; a File has fileUrl and baseUrls, a list of URLs has urls"
OF_LIST = '. Send each File by itself, or many as lines of a .jsonl object; URLs as {"urls": [...]}'
NO_BASES = ': without base images, send {"urls": ["https://..."]}'
WRITE_LIST = ': write [{"url": "https://..."}]'
BOTH = "is beside fileUrl or baseUrls: send either a File, with fileUrl and baseUrls, or a list, with urls"
ONE_URL = 'must be in a list: write {"urls": ["https://..."]}, even for one URL'
OF_ONE_URL = 'belongs to one URL, not to the list: write {"url": "https://...", "sha256": "..."} in urls'


@pytest.mark.parametrize(
    ("expected", "document"),
    [
        ({"": "must be an object, got a list" + OF_LIST}, []),
        ({"": "must be an object, got a list" + OF_LIST}, [{"fileUrl": URL, "baseUrls": [[URL]]}]),
        ({"": "must be an object, got null"}, None),
        ({"": "must be an object, got a string"}, "https://a.example"),
        ({"fileUrl": MISSING, "baseUrls": MISSING}, {}),
        ({"fileUrl": MISSING, "baseUrls": MISSING}, {"image_url": URL}),
        ({"fileUrl": MISSING, "baseUrls": MISSING}, {"urls": None}),
        ({"fileUrl": MISSING}, {"baseUrls": [[URL]]}),
        ({"baseUrls": f"is missing{NO_BASES}"}, {"fileUrl": URL}),
        ({"baseUrls": f"is missing{NO_BASES}"}, {"fileUrl": URL, "id": "a", "lot": 7}),
        ({"baseUrls": MISSING, "fileUrl": "must be a string, got a list"}, {"fileUrl": [URL]}),
        ({"fileUrl": "must be a string, got null"}, {"fileUrl": None, "baseUrls": [[URL]]}),
        ({"baseUrls": f"must have at least 1 item{NO_BASES}"}, {"fileUrl": URL, "baseUrls": []}),
        ({"baseUrls": f"must be a list, got an object{NO_BASES}"}, {"fileUrl": URL, "baseUrls": {}}),
        ({"baseUrls": f"must be a list, got null{NO_BASES}"}, {"fileUrl": URL, "baseUrls": None}),
        ({"baseUrls": f"must be a list, got a string{NO_BASES}"}, {"fileUrl": URL, "baseUrls": ""}),
        (
            {"baseUrls": f"must be a list, got a string{WRITE_LIST}"},
            {"fileUrl": URL, "baseUrls": URL},
        ),
        (
            {"baseUrls": f"must be a list, got an object{WRITE_LIST}"},
            {"fileUrl": URL, "baseUrls": {"url": URL}},
        ),
        ({"urls": "must have at least 1 item"}, {"urls": []}),
        ({"urls": 'must be a list, got a string: write ["https://..."]'}, {"urls": URL}),
        ({"urls[1]": 'must be a string or an object, got a list: write "https://..."'}, {"urls": [URL, [URL]]}),
        ({"urls[0].url": "is missing", "id": "must be a string, got a number"}, {"urls": [{}], "id": 7}),
        ({"urls[0]": "must be Unicode text"}, {"urls": ["\udfff"]}),
        ({"urls[0].url": "must be Unicode text"}, {"urls": [{"url": "\udfff"}]}),
    ],
)
def test_parse_says_why_a_document_is_not_a_file(expected: dict[str, str], document: object) -> None:
    assert expected == faults_of(document)


@pytest.mark.parametrize(
    ("expected", "document"),
    [
        ({"file_url": "must be written fileUrl"}, {"file_url": URL, "baseUrls": [[URL]]}),
        ({"FileURL": "must be written fileUrl"}, {"fileUrl": URL, "FileURL": URL, "baseUrls": [[URL]]}),
        (
            {"fileurl": "must be written fileUrl", "Base URLs": "must be written baseUrls"},
            {"fileurl": URL, "Base URLs": [[URL]]},
        ),
        (
            {"base-urls": "must be written baseUrls", "ID": "must be written id"},
            {"fileUrl": URL, "base-urls": 7, "ID": 7},
        ),
        ({"URLs": "must be written urls"}, {"URLs": [URL]}),
        (
            {"\ufeffurls": "must be written urls", "id": "must be a string, got a number"},
            {"\ufeffurls": [URL], "id": 7},
        ),
        ({"SHA256": "must be written sha256"}, {"fileUrl": URL, "baseUrls": [[URL]], "SHA256": SHA256}),
        (
            {"sha-256": "must be written sha256", "i d": "must be written id"},
            {"fileUrl": URL, "baseUrls": [[URL]], "sha-256": 1, "i d": 1},
        ),
        ({"baseUrls[1].URL": "must be written url"}, {"fileUrl": URL, "baseUrls": [[URL], {"URL": URL}]}),
        (
            {"urls[0].Sha_256": "must be written sha256", "urls[1].url": "is missing"},
            {"urls": [{"url": URL, "Sha_256": SHA256}, {"uri": URL}]},
        ),
        ({"url": ONE_URL}, {"url": URL}),
        ({"Url": ONE_URL, "id": "must be a string, got a list"}, {"Url": [URL], "id": []}),
        ({"urls": BOTH}, {"fileUrl": URL, "urls": [URL]}),
        ({"urls": BOTH, "baseUrls": f"must be a list, got a string{WRITE_LIST}"}, {"baseUrls": URL, "urls": 7}),
        (
            {"URLS": BOTH, "base_urls": "must be written baseUrls"},
            {"fileUrl": URL, "base_urls": [[URL]], "URLS": [URL]},
        ),
        ({"sha256": OF_ONE_URL}, {"urls": [URL], "sha256": SHA256}),
        ({"Sha256": OF_ONE_URL}, {"urls": [URL], "Sha256": SHA256}),
    ],
)
def test_parse_names_the_member_that_was_meant(expected: dict[str, str], document: object) -> None:
    assert expected == faults_of(document)


@pytest.mark.parametrize(
    ("images", "document"),
    [
        (1, {"urls": [URL], "sha256": None, "fileUrl": None, "baseUrls": None, "url": "ignored", "source": "camera"}),
        (2, {"fileUrl": URL, "baseUrls": [{"url": URL, "uri": 7}], "url": URL, "urls": None, "notes": {"ID": 7}}),
        (2, {"fileUrl": URL, "baseUrls": [[URL, {"URL": URL}]], "sha256sum": "", "refreshed": 1, "": 1, "-": 2}),
    ],
)
def test_parse_ignores_members_that_are_null_or_unknown(images: int, document: object) -> None:
    assert images == len(File.parse(document).images)


@pytest.mark.parametrize("document", [{"fileUrl": URL, "baseUrls": [[URL]]}, {"urls": [URL]}])
def test_refresh_is_read_from_a_file_and_a_url_list(document: dict[str, object]) -> None:
    given = [document, *(document | {"refresh": value} for value in (None, False, True))]
    assert [File.parse(each).refresh for each in given] == [False, False, False, True]
    assert faults_of(document | {"refresh": "true"}) == {"refresh": "must be true or false, got a string"}
    assert faults_of(document | {"Refresh": True}) == {"Refresh": "must be written refresh"}


def test_faults_are_bounded_when_a_member_is_spelled_in_many_ways() -> None:
    document = {"u" + "-" * number + "rls": 1 for number in range(1, 5000)}
    faults = faults_of(document)
    assert len(faults) == MAX_MISSPELLED
    assert max(map(len, faults)) < 100


def test_error_text_has_path_and_message() -> None:
    with pytest.raises(InvalidFile, match=r"^baseUrls\[0\]\.url: must be a string, got a number$"):
        File.parse({"fileUrl": URL, "baseUrls": [{"url": 3}]})


def test_file_is_refused_when_it_has_more_than_100_base_images() -> None:
    assert len(File.parse({"fileUrl": URL, "baseUrls": [[URL]] * 100}).images) == 101
    assert faults_of({"fileUrl": URL, "baseUrls": [[URL]] * 101}) == {
        "baseUrls": "must have at most 100 items, got 101"
    }


def test_url_list_is_refused_when_it_has_more_than_101_urls() -> None:
    assert len(File.parse({"urls": [URL] * 101}).images) == 101
    assert faults_of({"urls": [URL] * 102}) == {"urls": "must have at most 101 items, got 102"}


def test_limit_of_images_is_a_parameter() -> None:
    assert len(File.parse({"urls": [URL] * 3}, max_base_images=2).images) == 3
    assert list(faults_of({"fileUrl": URL, "baseUrls": [[URL]] * 3}, max_base_images=2)) == ["baseUrls"]


def test_items_over_the_limit_are_one_fault() -> None:
    expected = {"baseUrls[0]", "baseUrls[1]", "baseUrls", "fileUrl"}
    assert expected == set(faults_of({"baseUrls": [1] * 100_000}, max_base_images=2))


@pytest.mark.parametrize("text", ["", "0" * 63, "0" * 65, "g" * 64, "0" * 64 + "\n", "0x" + "0" * 62])
def test_sha256_is_refused_when_it_is_not_64_hex_digits(text: str) -> None:
    assert list(faults_of({"urls": [{"url": URL, "sha256": text}]})) == ["urls[0].sha256"]


def test_null_means_the_same_as_a_missing_member() -> None:
    given_, left_out = {"id": None, "urls": [{"url": URL, "sha256": None}]}, {"urls": [URL]}
    assert File.parse(given_) == File.parse(left_out)


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from(["url", "URL", "sha256", "note", "x", "urls"]), inner)
    ),
)
MEMBERS = st.sampled_from(["fileUrl", "baseUrls", "urls", "id", "sha256", "url", "URLs", "SHA256", "fileurl", "note"])
PATH_STEP = re.compile(r"([A-Za-z0-9]+)|\[([0-9]+)\]")


def leads_somewhere(path: str, document: Any) -> bool:
    """Whether a path leads to a member of a document."""
    for member, index in PATH_STEP.findall(path):
        inside = document if isinstance(document, dict if member else list) else ()
        if member not in inside if member else int(index) >= len(inside):
            return False
        document = document[member or int(index)]
    return True


@given(ANY_JSON | st.dictionaries(MEMBERS, ANY_JSON | st.lists(ANY_JSON)))
@example({"baseUrls": [[], {}, 7, [None]], "fileUrl": {}, "id": [], "sha256": ""})
def test_parse_returns_images_or_faults_for_any_json(document: Any) -> None:
    """Every path is reported once; it leads to a member, or to a missing member of one that is there."""
    named: tuple[Fault, ...] = ()
    try:
        images = File.parse(document).images
    except InvalidFile as error:
        images, named = (), tuple(error.faults)
    assert bool(images) is not bool(named)
    assert len(named) == len({fault.path for fault in named})
    for fault in named:
        assert leads_somewhere(fault.path, document) is not (fault.message.startswith("is missing"))
        assert leads_somewhere(re.sub(r"(\.?[A-Za-z0-9]+|\[0\])$", "", fault.path), document)
