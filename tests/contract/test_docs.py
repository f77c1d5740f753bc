"""The documentation matches the code: error codes, settings, examples and links."""

import json
import re
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from infra.build.template_file import ROOT, load
from infra.openapi import examples as example

from intake.model.error_codes import LEAVES, ErrorClass
from intake.model.file import File
from intake.model.image_info import ImageWarning
from intake.model.problem import Problem
from intake.model.receipt import ErrorEntry, Receipt
from intake.settings.table import CONCURRENT_FUNCTIONS, REQUIRED, SETTINGS, Setting

PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
BLOCK = re.compile(r"^```json\n(.*?)^```", re.DOTALL | re.MULTILINE)

each_page = pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])


def rows(page: str, width: int) -> dict[str, list[str]]:
    """Return the rows of a table by the name in backquotes in the first cell; `width` counts all cells."""
    found: dict[str, list[str]] = {}
    for line in (ROOT / "docs" / page).read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| `") and len(cells) == width:
            assert cells[0] not in found, f"{page} has two rows for {cells[0]}"
            found[cells[0].strip("`")] = cells[1:]
    return found


def blocks(page: Path) -> list[Any]:
    return [json.loads(text) for text in BLOCK.findall(page.read_text())]


def anchor_of(heading: str) -> str:
    """Return the anchor that GitHub gives a heading."""
    return re.sub(r"[^\w -]", "", heading.strip("# ").lower()).replace(" ", "-")


def parameter_of(variable: str) -> str:
    """Return the cell that names the template parameter of a variable."""
    fixed = {"INBOX_BUCKET": "none: the inbox of the stack"}
    template = load()
    value = json.dumps(template["Globals"]["Function"]["Environment"]["Variables"][variable])
    named = [name for name in template["Parameters"] if json.dumps({"Ref": name}) in value]
    return f"`{named[0]}`" if named else fixed[variable]


def test_errors_page_lists_every_code_with_its_class() -> None:
    documented = {code: cells[0] for code, cells in rows("errors.md", 5).items()}
    assert documented == {leaf.code: leaf.error_class.value for leaf in LEAVES}


def test_errors_page_lists_every_class() -> None:
    assert set(rows("errors.md", 3)) == {error_class.value for error_class in ErrorClass}


@pytest.mark.parametrize("code", sorted(leaf.code for leaf in LEAVES))
def test_errors_page_fills_every_cell_of_a_code(code: str) -> None:
    _, when, action, message = rows("errors.md", 5)[code]
    assert all(cell.endswith(".") for cell in (when, action, message))


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_settings_page_has_the_row_of_a_setting(setting: Setting[Any]) -> None:
    default = "required" if setting.default is REQUIRED else setting.default_text
    expected = [default, setting.expected, parameter_of(setting.name), setting.description]
    assert rows("settings.md", 5)[setting.name] == expected


def test_settings_page_describes_the_number_of_functions() -> None:
    setting = CONCURRENT_FUNCTIONS
    text = f"`{setting.name}` is {setting.default} by default. {setting.description}"
    assert text in " ".join((ROOT / "docs" / "settings.md").read_text().split())


def test_files_page_lists_every_warning() -> None:
    assert set(ImageWarning) <= rows("files-and-receipts.md", 2).keys()


def test_settings_page_has_no_other_rows() -> None:
    assert set(rows("settings.md", 5)) == {setting.name for setting in SETTINGS}


@each_page
def test_page_sets_parameters_that_the_template_allows(page: Path) -> None:
    for setting in re.findall(r'PARAMETERS="([^"…]+)"', page.read_text()):
        for name, _, value in (part.partition("=") for part in setting.split()):
            parameter = load()["Parameters"][name]
            assert value in parameter.get("AllowedValues", [value]), setting
            assert re.fullmatch(parameter.get("AllowedPattern", ".*"), value), setting


@each_page
def test_page_links_to_existing_files_and_headings(page: Path) -> None:
    for target in LINK.findall(page.read_text()):
        if re.match(r"https?:|mailto:", target):
            continue
        path, _, anchor = target.partition("#")
        found = (page.parent / path) if path else page
        assert found.exists(), target
        if anchor and found.suffix == ".md":
            assert anchor in map(anchor_of, re.findall(r"^#+ .*", found.read_text(), re.MULTILINE)), target


@each_page
def test_page_has_json_examples_that_the_models_accept(page: Path) -> None:
    for block in blocks(page):
        if {"fileUrl", "urls"} & block.keys():
            assert File.parse(block).images
        elif "States" not in block:  # a state machine, which another test runs
            model = Receipt if "objectKeys" in block else Problem if "title" in block else ErrorEntry
            assert json.loads(model.model_validate(block).model_dump_json(by_alias=True)) == block


def test_files_page_has_the_examples_of_the_openapi_document() -> None:
    invalid = example.make_problem(HTTPStatus.UNPROCESSABLE_ENTITY, "This is not a valid File.", *example.find_faults())
    documents = [example.FILE, example.URL_LIST, example.NOTED, example.PARTIAL, invalid]
    assert blocks(ROOT / "docs" / "files-and-receipts.md") == documents


@each_page
def test_page_says_which_version_of_the_aws_cli_its_commands_need(page: Path) -> None:
    text = " ".join(page.read_text().split())
    has_commands = re.search(r"(?:^ *|[`(|] ?)aws [a-z0-9]+ [a-z]", page.read_text(), re.MULTILINE)
    assert not has_commands or "[version 2 of the AWS CLI](https://docs.aws.amazon.com/cli/" in text


@each_page
def test_page_names_no_path_of_a_machine(page: Path) -> None:
    assert re.findall(r"/(?:home|work|Users|root)/\S*", page.read_text()) == []
