"""The page of a receipt, as a browser parses it."""

from pathlib import Path
from typing import Any

import pytest
from infra.look.errors import LookError, WrongInput
from infra.look.pages import write_receipt_page
from infra.look.sources import MAX_DOCUMENT_BYTES, FolderSource

from support.receipt_documents import DIGEST, ORIGIN, failed, receipt, stored, write_objects
from support.receipt_page import HALF, facts_of, render

SLOW = failed("slow.png", "http_server_error", "The origin answered 503.", attempts=3)


def test_page_shows_the_image_to_inspect_beside_its_base_images(tmp_path: Path) -> None:
    redirected = stored("base.webp", finalUrl="https://cdn.example/9.webp", source="unchanged", reused=True)
    page = render(tmp_path, receipt("lot-7", stored("inspect.jpg"), redirected))
    inspected, base = page.find("section", "inspected"), page.find("section", "others").find("article")

    assert page.find("h1").text == "lot-7"
    assert inspected.find("h2").text == "Image to inspect"
    assert inspected.find("h3").text == "inspect.jpg"
    assert inspected.find("p", "measures").text == "JPEG · 1,000 \N{MULTIPLICATION SIGN} 750 pixels · 5 bytes"
    assert base.find("p", "label").text == "Base image 0"
    sha256 = stored("base.webp")["sha256"]
    assert facts_of(base) == {
        "URL": f"{ORIGIN}/base.webp",
        "Final URL": "https://cdn.example/9.webp",
        "Source": "unchanged not downloaded again: the origin answered 304",
        "SHA-256": sha256,
        "Took": "87 ms, 1 attempt",
    }
    image = base.find("img").attributes
    assert (image["alt"], image["width"], image["height"]) == ("Base image 0: base.webp", "1000", "750")
    assert image["src"] == f"../my%20results/images/{sha256[:2]}/{sha256}.webp"
    assert base.find("div", "well").find("a").attributes["href"] == image["src"]
    assert (tmp_path / "pages" / "page.html").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("says_so", "document"),
    [
        (True, receipt("f", stored("a.jpg"), verification="decode")),
        (False, receipt("f", stored("a.jpg"))),
        (False, receipt("f", HALF, verification="decode")),
    ],
)
def test_page_says_that_stored_images_were_decoded(tmp_path: Path, *, says_so: bool, document: dict[str, Any]) -> None:
    facts = [item.text for item in render(tmp_path, document).find("ul", "status").find_all("li")]

    assert ("verified by decoders" in facts) == says_so


def test_page_names_failures_first_and_shows_them_in_their_place(tmp_path: Path) -> None:
    page = render(tmp_path, receipt("f", stored("a.jpg"), stored("b.png"), HALF, stored("c.gif"), SLOW))
    panel = page.find("section", "panel")

    assert panel.find("h2").text == "2 of 5 images failed"
    assert [item.text for item in panel.find_all("li")] == [
        "Base image 1: half.jpg The JPEG ends before its EOI marker. invalid_image",
        "Base image 3: slow.png The origin answered 503. http_server_error",
    ]
    cards = page.find("div", "grid").find_all("article")
    assert [card.find("h3").text for card in cards] == ["b.png", "half.jpg", "c.gif", "slow.png"]
    linked = [page.by_id(link.attributes["href"][1:]) for link in panel.find_all("a")]
    assert linked == [cards[1], cards[3]]
    assert cards[1].find("div", "reason").text == (
        "Failed invalid_image The JPEG ends before its EOI marker. What to do: Upload the image to its origin again. "
        "The same request fails again."
    )
    assert "The same request may succeed later." in cards[3].text
    assert facts_of(cards[3]) == {"URL": f"{ORIGIN}/slow.png", "Took": "84 ms, 3 attempts"}


@pytest.mark.parametrize(
    ("heading", "cards", "document"),
    [
        ("1 of 2 images failed", ["half.jpg", "b.png"], receipt("f", HALF, stored("b.png"))),
        ("2 of 2 images failed", ["half.jpg", "slow.png"], receipt("f", HALF, SLOW)),
        ("1 of 1 image failed", ["slow.png"], receipt("f", SLOW, urls=True)),
        ("101 of 101 images failed", ["half.jpg"] * 101, receipt("f", *[HALF] * 101)),
    ],
    ids=["image to inspect", "all", "URL list", "101 images"],
)
def test_page_shows_every_failure(tmp_path: Path, heading: str, cards: list[str], document: dict[str, Any]) -> None:
    page = render(tmp_path, document)

    assert page.find("section", "panel").find("h2").text == heading
    assert [card.find("h3").text for card in page.find_all("article")] == cards
    anchors = [card.attributes["id"] for card in page.find_all("article", "failed")]
    assert [link.attributes["href"] for link in page.find("section", "panel").find_all("a")] == [
        f"#{x}" for x in anchors
    ]


def test_page_of_a_url_list_has_no_image_to_inspect(tmp_path: Path) -> None:
    page = render(tmp_path, receipt("f", stored("a.jpg"), stored("b.png"), urls=True))

    assert page.find_all("section", "inspected") == []
    assert page.find_all("section", "panel") == []
    assert [label.text for label in page.find_all("p", "label")] == ["Image 0", "Image 1"]


def test_filters_count_the_images_that_they_show(tmp_path: Path) -> None:
    warned = stored("w.gif", warnings=["missing_trailer"], frames=12)
    page = render(tmp_path, receipt("f", stored("a.jpg"), warned, HALF, stored("c.png")))
    options = {label.text: label.find("input").attributes for label in page.find("div", "bar").find_all("label")}
    cards = page.find("div", "grid").find_all("article")

    assert list(options) == ["All 3", "Stored 2", "Failed 1", "With warnings 1", "Small", "Large"]
    assert [name for name, attributes in options.items() if "checked" in attributes] == ["All 3", "Small"]
    assert {attributes["type"] for attributes in options.values()} == {"radio"}
    sizes = [sum(kind in card.classes for card in cards) for kind in ("card", "stored", "failed", "warned")]
    assert sizes == [3, 2, 1, 1]
    assert cards[0].find("div", "warning").text == (
        "Warning missing_trailer The end marker of the image is missing, but no part of a picture: a GIF has no "
        "trailer, JPEG 2000 no EOC, a JPEG XL does not say where it ends, or a PNM in ASCII ends in a number. "
        "Content-Length or sha256 proves that no byte is missing."
    )
    assert "12 frames" in cards[0].find("p", "measures").text


def test_filter_that_shows_nothing_is_disabled(tmp_path: Path) -> None:
    page = render(tmp_path, receipt("f", stored("a.jpg"), stored("b.png")))

    disabled = [label.text for label in page.find_all("label") if "disabled" in label.find("input").attributes]
    assert disabled == ["Failed 0", "With warnings 0"]


@pytest.mark.parametrize(
    ("kind", "name"), [("TIFF", "x.tiff"), ("HEIC", "x.heic"), ("JPEG 2000", "x.jp2"), ("JPEG XL", "x.jxl")]
)
@pytest.mark.parametrize("embed", [False, True])
def test_image_that_browsers_do_not_draw_has_a_card(tmp_path: Path, kind: str, name: str, *, embed: bool) -> None:
    page = render(tmp_path, receipt("f", stored(name)), embed=embed)
    well = page.find("div", "well")

    assert page.find_all("img") == []
    assert well.text.startswith(f"{kind} 1,000 \N{MULTIPLICATION SIGN} 750 Browsers do not draw {kind}.")
    assert [link.text for link in well.find_all("a")] == ([] if embed else ["Save the file"])


@pytest.mark.parametrize(
    ("shape", "width", "height"),
    [
        *[("fit", 1000, 750), ("fit", 48, 48), ("wide", 12_000, 50), ("tall", 50, 12_000)],
        *[("tiny", 1, 1), ("tiny", 47, 3), ("tiny upright", 3, 47)],
    ],
)
def test_picture_of_any_shape_can_be_seen(tmp_path: Path, shape: str, width: int, height: int) -> None:
    page = render(tmp_path, receipt("f", stored("x.png", width=width, height=height)))
    well = page.find("div", "well")

    assert well.classes == {"well", *shape.split()}
    assert ("tabindex" in well.attributes) == (shape in {"wide", "tall"}), "only what scrolls is reached by Tab"


def test_embedded_page_needs_no_network(tmp_path: Path) -> None:
    page = render(
        tmp_path, receipt("f", stored("a.jpg"), stored("x.tiff"), stored("gone.png", b"not in the folder")), embed=True
    )
    [policy] = [meta.attributes["content"] for meta in page.find_all("meta") if "http-equiv" in meta.attributes]

    assert "img-src data:;" in policy
    assert [image.attributes["src"] for image in page.find_all("img")] == ["data:image/jpeg;base64,Ynl0ZXM="]
    assert {link.attributes["href"][0] for link in page.find("footer").find_all("a")} == {"#"}
    assert "Left out: Base image 0, Base image 1." in page.find("footer").text
    assert "These bytes are not in the folder" in page.find("div", "grid").find_all("div", "well")[1].text


@pytest.mark.parametrize(
    ("message", "content"),
    [
        (r"receipts/f\.json is not a JSON object\.", b"[]"),
        (r"receipts/f\.json is not a JSON object\.", b"\xff"),
        (r"receipts/f\.json is not a JSON object\.", b"[" * 100_000),
        (r"receipts/f\.json is not a receipt: digest: Field required\.", b'{"id": "f"}'),
        (r"receipts/f\.json is not its receipt, but that of g\\x1b\.", b""),
    ],
)
def test_what_is_no_receipt_is_said(tmp_path: Path, message: str, content: bytes) -> None:
    write_objects(tmp_path, receipt("f", stored("a.jpg")))
    path = tmp_path / "receipts" / "f.json"
    path.write_bytes(content or path.read_bytes().replace(b'"id": "f"', b'"id": "g\\u001b"'))

    with pytest.raises(LookError, match=message):
        write_receipt_page(FolderSource(tmp_path, tmp_path), "f", tmp_path / "page.html")
    assert not (tmp_path / "page.html").exists()


def test_receipt_that_is_too_large_is_not_called_missing(tmp_path: Path) -> None:
    (tmp_path / "receipts").mkdir()
    (tmp_path / "receipts" / "f.json").write_bytes(bytes(MAX_DOCUMENT_BYTES + 1))

    with pytest.raises(LookError, match=r"receipts/f\.json is larger than 33,554,432 bytes"):
        write_receipt_page(FolderSource(tmp_path, tmp_path), "f", tmp_path / "page.html")


def test_missing_receipt_says_where_it_was_expected_and_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(LookError, match=rf"^the folder {tmp_path} has no receipts/f\.json\. Check the id"):
        write_receipt_page(FolderSource(tmp_path, tmp_path), "f", tmp_path / "page.html")


def test_problem_in_place_of_a_receipt_is_said(tmp_path: Path) -> None:
    (tmp_path / "problems").mkdir()
    problem = b'{"detail": "This is not a valid File.", "errors": [{"path": "fileUrl", "message": "is missing"}]}'
    (tmp_path / "problems" / "f.json").write_bytes(problem)

    with pytest.raises(LookError, match=r"^f was refused, .* This is not a valid File\. fileUrl: is missing\."):
        write_receipt_page(FolderSource(tmp_path, tmp_path), "f", tmp_path / "page.html")


@pytest.mark.parametrize("file_id", ["", "../f", "a/b", ".hidden", "a\n", "x" * 129, "<b>"])
def test_text_that_is_no_id_reads_nothing(tmp_path: Path, file_id: str) -> None:
    with pytest.raises(WrongInput, match="is not the id of a File"):
        write_receipt_page(FolderSource(tmp_path, tmp_path), file_id, tmp_path / "page.html")


def test_footer_says_where_the_receipt_is(tmp_path: Path) -> None:
    footer = render(tmp_path, receipt("f", stored("a.jpg"))).find("footer").text

    assert f"receipts/f.json of the folder {tmp_path / 'my results'}" in footer
    assert DIGEST in footer
