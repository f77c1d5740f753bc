"""The page of a run, parsed as a browser parses it: what a reader finds, whatever the run left behind."""

import json
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from infra.look import run_statistics
from infra.look.error_advice import advise
from infra.look.errors import LookError
from infra.look.failure_list import MAX_FAILURES
from infra.look.origin_statistics import MAX_ORIGINS, MIN_TIMES
from infra.look.run_page import write_run_page
from infra.look.run_sections import MAX_ORIGINS as MAX_SHOWN_ORIGINS
from infra.look.sources import FolderSource

from intake.model.error_codes import LEAVES
from support.html_document import Element, parse_html
from support.run_table import RUN, SHA256, failed_row, refused_row, stored_row, write_part, write_summary

ROOT = Path(__file__).parents[4]
KEYS = {"failedKey": f"runs/{RUN}/failed.jsonl", "retryableKey": f"runs/{RUN}/retryable.jsonl"}
HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>'


def write_images(folder: Path, *keys: str) -> None:
    """Write files without bytes: the page links to them, and does not read them."""
    for key in keys:
        (folder / key).parent.mkdir(parents=True, exist_ok=True)
        (folder / key).touch()


def show(folder: Path, run: str = RUN) -> Element:
    target = folder / "runs" / run / "index.html"
    write_run_page(FolderSource(folder, target.parent), run, target)
    return parse_html(target.read_text(encoding="utf-8"))


def show_rows(folder: Path, rows: Iterable[object], **summary: Any) -> Element:
    write_part(folder, rows)
    write_summary(folder, **summary)
    return show(folder)


def section(page: Element, heading: str) -> Element:
    """The section whose heading begins so."""
    (found,) = [
        one for one in page.find_all("section") if one.find_all("h2") and one.find_all("h2")[0].text.startswith(heading)
    ]
    return found


def headings(page: Element) -> list[str]:
    return [heading.text for heading in page.find_all("h2")]


def cells(table: Element) -> list[list[str]]:
    return [[cell.text for cell in row.children if isinstance(cell, Element)] for row in table.find_all("tr")]


def test_page_says_first_how_the_run_went(tmp_path: Path) -> None:
    rows = [stored_row(1), stored_row(2, reused=True), *(failed_row(row, code="timeout") for row in (3, 4, 5))]

    page = show_rows(tmp_path, [*rows, failed_row(6)], **KEYS)

    top = page.find("header")
    assert page.find("h1").text == "2 of 6 images are stored"
    assert top.find("p", "lead").text == "4 are not: timeout (3), not_found (1)."
    assert [item.text for item in top.find("ul", "legend").find_all("li")] == [
        "1 stored",
        "1 already there",
        "4 failed",
    ]
    assert top.find("svg").attributes["aria-label"] == "1 stored, 1 already there, 4 failed"
    assert [fact.text for fact in top.find("dl", "facts").find_all("div")] == [
        "Stored 2.0 KB 33.3 % of the images",
        "Time 10 s",
        "Images a second 0.6 200 bytes a second from the origins",
        "Origins 1",
        "Different images 1 1 rows repeat one",
    ]
    assert top.find("span", "tag").text == "complete"
    assert "list boards.csv" in top.text
    assert "22 Nov 2026, 16:01:03 UTC" in top.text


def test_page_says_what_to_do_next(tmp_path: Path) -> None:
    page = show_rows(tmp_path, [failed_row(1, code="timeout"), failed_row(2)], **KEYS)

    todo = section(page, "What to do next")
    assert todo.find("pre").text == f"make run LIST={tmp_path}/runs/{RUN}/retryable.jsonl OUT={tmp_path}"
    assert "1 failure may succeed later." in todo.text
    assert "1 failure will fail again until something changes" in todo.text


@pytest.mark.parametrize("key", [f'"; id; "/runs/{RUN}/failed.jsonl', "../../etc/passwd", "", None, 7])
def test_page_has_no_command_for_a_list_that_a_run_does_not_have(key: object, tmp_path: Path) -> None:
    page = show_rows(tmp_path, [failed_row(1, code="timeout")], retryableKey=key, failedKey=key)

    assert section(page, "What to do next").find_all("pre") == []


def test_page_explains_each_code(tmp_path: Path) -> None:
    rows = [
        failed_row(1),
        failed_row(2),
        failed_row(3, code="timeout", url="javascript:alert(1)"),
        failed_row(4, code="new"),
    ]

    table = section(show_rows(tmp_path, rows), "Why images failed").find("table")

    assert cells(table)[1:] == [
        ["not_found", "2", "fails again", "Correct the URL. For example https://images.example/gone.jpg"],
        ["new", "1", "unknown code", "For example https://images.example/gone.jpg"],
        [
            "timeout",
            "1",
            "may succeed later",
            f"{advise('timeout')} For example javascript:alert(1)",
        ],
    ]
    assert {link.attributes["href"] for link in table.find_all("a")} == {"https://images.example/gone.jpg"}
    assert [float(bar.attributes["width"]) for bar in table.find_all("rect", "fill")] == [100, 50, 50]


def test_page_explains_every_code_of_the_service(tmp_path: Path) -> None:
    page = show_rows(tmp_path, [failed_row(number, code=leaf.code) for number, leaf in enumerate(LEAVES)])

    rows = cells(section(page, "Why images failed").find("table"))[1:]
    assert {row[0] for row in rows} == {leaf.code for leaf in LEAVES}
    assert all(row[3].partition("For example")[0] for row in rows)
    assert "unknown code" not in page.text


def test_page_names_origins_that_gave_no_image(tmp_path: Path) -> None:
    rows = [failed_row(row, code="connect_failed", url=f"https://down.example/{row}.jpg") for row in range(5)]

    page = show_rows(tmp_path, [stored_row(9, elapsedMs=1500), *rows])

    assert page.find("p", "lead").text.endswith("No image came from down.example.")
    origins = section(page, "Origins")
    assert [choice.text for choice in origins.find_all("label")] == ["By failures", "By images", "By time"]
    assert [choice.attributes["id"] for choice in origins.find_all("input") if "checked" in choice.attributes] == [
        "order-failures"
    ]
    assert cells(origins.find_all("table")[0])[1:] == [
        ["down.example", "5", "5", "connect_failed", "0 bytes", "30 ms", "30 ms"]
    ]
    assert cells(origins.find_all("table")[1])[2] == ["images.example", "1", "0", "", "1.0 KB", "1.5 s", "1.5 s"]


def test_page_shows_the_first_origins_and_failures_and_how_many_more_there_are(tmp_path: Path) -> None:
    rows = [failed_row(row, url=f"https://host-{row:03}.example/") for row in range(250, 0, -1)]

    page = show_rows(tmp_path, rows)

    origins, failures = section(page, "Origins"), section(page, "The first 200 of 250 failures")
    assert len(cells(origins.find_all("table")[0])[1:]) == 50
    assert origins.find_all("p", "more")[0].text == "200 more origins are in the table of the run."
    assert [row[0] for row in cells(failures.find("table"))[1:]] == [str(row) for row in range(1, 201)]
    assert failures.find("p", "more").text.startswith("50 more are in failed.jsonl")


def test_page_filters_failures_by_the_commonest_reasons(tmp_path: Path) -> None:
    rows = [failed_row(row, code=f"code_{row % 12:02}") for row in range(100)]

    failures = section(show_rows(tmp_path, rows), "All failures")

    rules = (ROOT / "infra" / "look" / "run.css").read_text()
    choices = [choice.attributes["id"] for choice in failures.find_all("input")]
    assert choices == ["reason-all", *(f"reason-{number}" for number in range(8))]
    assert all(f"#{choice}:checked" in rules for choice in choices[1:])
    for number, label in enumerate(failures.find_all("label")[1:]):
        code, count = label.text.split()
        shown = failures.find("table").find_all("tr", f"reason-{number}")
        assert (len(shown), {row.find_all("code")[0].text for row in shown}) == (int(count), {code})


def test_page_shows_failures_with_row_image_and_note(tmp_path: Path) -> None:
    note = {"sku": "B-7", "line": 3}
    rows = [failed_row(1_234, note=note), refused_row(7)]

    table = section(show_rows(tmp_path, rows), "All failures").find("table")

    assert cells(table)[1:] == [
        ["7", "refused fileUrl: is missing", "", ""],
        [
            "1,234",
            "not_found The origin answered 404.",
            "https://images.example/gone.jpg lot-7, base 2",
            "sku: B-7 line: 3",
        ],
    ]


def test_page_draws_times_and_sizes_with_a_text_alternative(tmp_path: Path) -> None:
    rows = [stored_row(row, elapsedMs=milliseconds) for row, milliseconds in enumerate([10, 30, 40, 3000])]

    times, sizes = show_rows(tmp_path, rows).find_all("figure")

    assert times.find("svg").attributes["role"] == "img"
    assert times.find("svg").attributes["aria-label"].startswith("Time of an image, of 4 images: half at most 30 ms, ")
    assert [title.text for title in times.find_all("title")][:3] == ["from 10 ms: 1", "from 20 ms: 2", "from 50 ms: 0"]
    assert [float(bar.attributes["height"]) for bar in times.find_all("rect", "fill")][:3] == [50, 100, 0]
    assert [item.text for item in sizes.find("ol").find_all("li")] == [
        "200 bytes",
        "500 bytes",
        "1 KB",
        "2 KB",
        "5 KB",
        "10 KB",
    ]


def test_page_shows_what_is_stored_and_which_images_repeat(tmp_path: Path) -> None:
    tiff = f"images/3f/{SHA256}.tiff"
    write_images(tmp_path, tiff, f"images/3f/{SHA256}.jpg")
    rows = [stored_row(1), stored_row(2), *(stored_row(row, key=tiff, contentType="image/tiff") for row in (3, 4, 5))]

    page = show_rows(tmp_path, [*rows, stored_row(6, key="../../secret.jpg"), stored_row(7, key="../../secret.jpg")])

    kinds = section(page, "What is stored")
    assert cells(kinds.find_all("table")[0]) == [["image/jpeg", "", "4", "4.0 KB"], ["image/tiff", "", "3", "3.0 KB"]]
    repeated = section(page, "Images of several rows")
    assert [item.text for item in repeated.find_all("li")] == ["tiff 3 rows", "2 rows"]
    assert [link.attributes["href"] for link in repeated.find_all("a")] == [
        f"../../{tiff}",
        f"../../images/3f/{SHA256}.jpg",
    ]
    assert len(repeated.find_all("img")) == 1
    assert "make bulk" not in repeated.text


@pytest.mark.parametrize("extension", ["jpg", "tiff"])
def test_page_names_repeated_images_that_are_not_in_the_folder(extension: str, tmp_path: Path) -> None:
    """`make bulk OUT=` fills a folder with the results of a run, without its images."""
    key = f"images/3f/{SHA256}.{extension}"

    repeated = section(show_rows(tmp_path, [stored_row(row, key=key) for row in (1, 2)]), "Images of several rows")

    assert repeated.find("li").text == f"{key} 2 rows"
    assert repeated.find_all("img") + repeated.find_all("a") == []
    assert f"make look RUN={RUN} shows those of a stack" in repeated.text


def test_page_of_a_run_without_failures_has_nothing_to_do(tmp_path: Path) -> None:
    page = show_rows(tmp_path, [stored_row(1), stored_row(2)])

    assert page.find("h1").text == "All 2 images are stored"
    assert section(page, "What to do next").text == "What to do next Nothing: every image is stored."
    assert not {"Why images failed", "All failures"} & set(headings(page))


def test_page_has_its_style_sheet(tmp_path: Path) -> None:
    style = show_rows(tmp_path, [stored_row()]).find("style").text

    assert ":root {" in style
    assert ".whole {" in style


@pytest.mark.parametrize(
    ("expected", "row"),
    [
        ("The image is stored", stored_row()),
        ("The image is not stored", failed_row()),
        ("The image is not stored", refused_row()),
        ("No image yet", {"status": "?"}),
    ],
)
def test_page_of_one_row_says_what_became_of_it(expected: str, row: object, tmp_path: Path) -> None:
    assert show_rows(tmp_path, [row]).find("h1").text == expected


def test_page_of_a_run_in_which_everything_failed_has_no_image(tmp_path: Path) -> None:
    page = show_rows(tmp_path, [failed_row(row, elapsedMs=None, url="") for row in range(30)])

    assert page.find("h1").text == "0 of 30 images are stored"
    assert headings(page) == [
        "What to do next",
        "Why images failed",
        "All failures",
        "The table of the run",
        "About this page",
    ]


def test_page_of_a_run_that_has_not_ended_shows_what_there_is(tmp_path: Path) -> None:
    write_part(tmp_path, [stored_row(1), failed_row(2)])

    page = show(tmp_path)

    assert page.find("h1").text == "1 of 2 images is stored"
    assert page.find("span", "tag").text == "not ended"
    assert "The same make run command goes on where it stopped." in section(page, "What to do next").text


def test_page_of_a_run_that_stopped_says_why(tmp_path: Path) -> None:
    page = show_rows(tmp_path, [stored_row(1)], complete=False, error="No space left on device\u202e<b>")

    assert page.find("span", "tag").text == "incomplete"
    notice = section(page, "About the figures")
    assert notice.text.endswith("the figures do not cover all of it. No space left on device\\u202e<b>")
    assert "Remove the cause of the stop. The same make run command goes on" in section(page, "What to do next").text


def test_page_of_a_run_without_a_table_shows_its_summary(tmp_path: Path) -> None:
    counts = {"images": {"stored": 5, "reused": 3, "failed": 2}, "codes": {"timeout": 2}, "status": {}, "bytes": 700}
    write_summary(tmp_path, counts=counts)

    page = show(tmp_path)

    assert page.find("h1").text == "8 of 10 images are stored"
    assert "has no table" in section(page, "About the figures").text
    assert cells(section(page, "Why images failed").find("table"))[1][:2] == ["timeout", "2"]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"7", b"\xff"])
def test_page_of_a_run_with_a_damaged_summary_shows_its_table(content: bytes, tmp_path: Path) -> None:
    write_part(tmp_path, [stored_row(1), stored_row(2)])
    (tmp_path / "runs" / RUN / "summary.json").write_bytes(content)

    page = show(tmp_path)

    assert page.find("h1").text == "All 2 images are stored"
    assert f"{RUN}/summary.json" in section(page, "About the figures").text


def test_page_says_how_many_rows_the_table_lacks(tmp_path: Path) -> None:
    page = show_rows(tmp_path, [stored_row(1)], counts={"images": {"stored": 2, "failed": 1}, "status": {"refused": 1}})

    assert "The table lacks 3 of the rows" in section(page, "About the figures").text


def test_page_says_what_of_the_table_cannot_be_read(tmp_path: Path) -> None:
    part = write_part(tmp_path, [stored_row(row) for row in range(100)], "a")
    part.write_bytes(part.read_bytes()[:-9])
    write_part(tmp_path, [stored_row(1), 7, {"status": "lost"}, None], "b")

    page = show(tmp_path)

    assert page.find("h1").text == "All 101 images are stored"
    notices = [item.text for item in section(page, "About the figures").find_all("li")]
    assert notices == [
        "Lines of the table that are no row, and are not counted: 3.",
        f"{part} is damaged: it ends early. Its later rows are missing.",
    ]


def test_hostile_rows_are_text(tmp_path: Path) -> None:
    texts = [HOSTILE, "javascript:alert(1)", "\u202egnp.exe", "\x00\x1b[31m", "{{ 7 * 7 }}", "\ud800", "x" * 100_000]
    rows: list[Any] = []
    for text in texts:
        columns = dict.fromkeys(["id", "role", "url", "code", "message", "key", "contentType", "source"], text)
        note = {text: text, "nested": {text: [text]}}
        rows += [failed_row(1) | columns | {"note": note}, stored_row(2) | columns | {"warnings": [text], "note": note}]
        rows += [failed_row(3, url=f"https://images.example/{text}"), failed_row(4, url=f"https://{text}/")]
    write_summary(tmp_path, list=HOSTILE, startedAt=HOSTILE, endedAt=HOSTILE, error=HOSTILE, complete=HOSTILE)
    path = write_part(tmp_path, []).with_suffix("")  # JSON lines without compression
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))

    page = show(tmp_path)

    assert HOSTILE in page.text
    assert {element.tag for element in page.find_all()}.isdisjoint({"script", "iframe", "object", "form", "b\u202e"})
    for element in page.find_all():
        assert not {name for name in element.attributes if name.startswith("on") or name in {"style", "srcdoc"}}
        assert element.attributes.get("href", "https://").startswith(("https://images.example/", "#", "https://"))
        assert "49" not in element.attributes.get("href", "")
    assert not {"\u202e", "\x00", "\x1b", "\ud800"} & set(page.text)
    assert len((tmp_path / "runs" / RUN / "index.html").read_bytes()) < 200_000


def test_page_loads_nothing_but_stored_images(tmp_path: Path) -> None:
    write_images(tmp_path, f"images/3f/{SHA256}.jpg")
    page = show_rows(tmp_path, [stored_row(1), stored_row(2), failed_row(3)])

    policy, referrer, *_ = [meta.attributes for meta in page.find_all("meta") if meta.attributes.get("content")]
    assert policy["content"].startswith("default-src 'none'; img-src file:; style-src 'sha256-")
    assert referrer == {"name": "referrer", "content": "no-referrer"}
    assert [image.attributes["src"] for image in page.find_all("img")] == [f"../../images/3f/{SHA256}.jpg"]


def test_page_of_20_000_rows_is_small_and_belongs_to_its_owner(tmp_path: Path) -> None:
    rows = [
        failed_row(row, code=f"code_{row % 40}", url=f"https://host-{row % 500}.example/{row}") for row in range(9_000)
    ]
    rows += [stored_row(row, url=f"https://host-{row % 500}.example/{row}") for row in range(9_000, 20_000)]

    show_rows(tmp_path, rows)

    status = (tmp_path / "runs" / RUN / "index.html").stat()
    assert status.st_size < 350_000
    assert stat.S_IMODE(status.st_mode) == 0o600


@pytest.mark.parametrize("run", ["missing", "run", "Run-1"])
def test_run_that_does_not_exist_is_an_error_that_names_those_that_do(run: str, tmp_path: Path) -> None:
    write_part(tmp_path, [stored_row()])

    with pytest.raises(LookError, match=f"has no results of a run named {run}. Its newest runs:\n  {RUN}"):
        show(tmp_path, run)


@pytest.mark.parametrize("run", ["", ".", "..", "../other", "a/b", "a\nb"])
def test_run_must_be_one_name(run: str, tmp_path: Path) -> None:
    with pytest.raises(LookError, match="expected a name without slashes"):
        write_run_page(FolderSource(tmp_path, tmp_path), run, tmp_path / "page.html")


@pytest.mark.parametrize(
    "bound",
    [
        f"first {MAX_FAILURES} failures",
        f"first {MAX_SHOWN_ORIGINS} origins",
        f"more than {2 * MAX_ORIGINS:,} origins",
        f"Beyond {run_statistics._MAX_SAMPLE:,} different images",
        f"at least {MIN_TIMES} times",
    ],
)
def test_documentation_names_the_bounds_of_the_page(bound: str) -> None:
    assert bound in " ".join((ROOT / "docs" / "look.md").read_text().split())
