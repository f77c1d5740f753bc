"""The page of a run, parsed as a browser parses it: what a reader finds, whatever the run left behind."""

from pathlib import Path

import pytest
from infra.look import run_statistics
from infra.look.error_advice import advise
from infra.look.failure_list import MAX_FAILURES
from infra.look.origin_statistics import MAX_ORIGINS, MIN_TIMES
from infra.look.run_sections import MAX_ORIGINS as MAX_SHOWN_ORIGINS

from intake.model.error_codes import LEAVES
from support.run_page import KEYS, cells, headings, section, show_rows, write_images
from support.run_table import RUN, SHA256, failed_row, refused_row, stored_row

ROOT = Path(__file__).parents[4]


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
