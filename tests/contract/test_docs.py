"""The docs say what is so: codes, settings, examples and links."""

import json
import re
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from infra.build.template import ROOT, load
from infra.openapi import examples as example

from intake.config import REQUIRED, SETTINGS
from intake.model.errors import LEAVES, ErrorClass
from intake.model.file import File
from intake.model.problem import Problem
from intake.model.receipt import ErrorEntry, Receipt

PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
BLOCK = re.compile(r"^```json\n(.*?)^```", re.DOTALL | re.MULTILINE)

each_page = pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])


def rows(page: str, width: int) -> dict[str, list[str]]:
    """The rows of a table, by what stands in backquotes in the first cell."""
    found = {}
    for line in (ROOT / "docs" / page).read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| `") and len(cells) == width:
            assert cells[0] not in found, f"{cells[0]} stands there twice"
            found[cells[0].strip("`")] = cells[1:]
    return found


def blocks(page: Path) -> list[Any]:
    return [json.loads(text) for text in BLOCK.findall(page.read_text())]


def heading(text: str) -> str:
    """The anchor that a heading has on the web."""
    return re.sub(r"[^\w -]", "", text.strip("# ").lower()).replace(" ", "-")


def test_every_error_code_stands_in_the_docs_with_its_class_and_no_other_does() -> None:
    documented = {code: cells[0] for code, cells in rows("errors.md", 5).items()}
    assert documented == {leaf.code: leaf.error_class.value for leaf in LEAVES}


def test_every_error_code_says_when_it_comes_what_to_do_and_how_it_reads() -> None:
    for code, (_, *told) in rows("errors.md", 5).items():
        assert all(len(cell) > 1 and cell.endswith(".") for cell in told), code


def test_every_error_class_stands_in_the_docs() -> None:
    assert set(rows("errors.md", 3)) == {error_class.value for error_class in ErrorClass}


def test_every_setting_stands_in_the_docs_with_its_default_and_wanted_form_and_no_other_does() -> None:
    documented = {name: cells[:2] for name, cells in rows("settings.md", 5).items()}
    assert documented == {
        setting.name: ["required" if setting.default is REQUIRED else setting.default_text, setting.expected]
        for setting in SETTINGS
    }


def test_every_setting_is_explained_as_the_code_explains_it() -> None:
    assert {name: cells[3] for name, cells in rows("settings.md", 5).items()} == {
        setting.name: setting.description for setting in SETTINGS
    }


def test_every_setting_names_the_parameter_of_the_template_that_sets_it() -> None:
    template = load()
    variables = template["Globals"]["Function"]["Environment"]["Variables"]
    for name, cells in rows("settings.md", 5).items():
        named = cells[2].strip("`")
        set_by = json.dumps({"Ref": named}) in json.dumps(variables[name]) and named in template["Parameters"]
        own = {"IMAGE_BUCKET": "none: the bucket of the stack", "INBOX_BUCKET": "none: the inbox of the stack"}
        assert set_by or named == own.get(name), name


@each_page
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in LINK.findall(page.read_text()):
        if re.match(r"https?:|mailto:", target):
            continue
        path, _, anchor = target.partition("#")
        found = (page.parent / path) if path else page
        assert found.exists(), target
        if anchor and found.suffix == ".md":
            assert anchor in map(heading, re.findall(r"^#+ .*", found.read_text(), re.MULTILINE)), target


@each_page
def test_every_json_example_is_what_the_service_takes_or_answers(page: Path) -> None:
    for block in blocks(page):
        if {"fileUrl", "urls"} & block.keys():
            assert File.parse(block).images
        else:
            model = Receipt if "objectKeys" in block else Problem if "title" in block else ErrorEntry
            assert json.loads(model.model_validate(block).model_dump_json(by_alias=True)) == block


def test_the_examples_of_the_docs_are_those_of_the_published_contract() -> None:
    invalid = example.make_problem(HTTPStatus.UNPROCESSABLE_ENTITY, "This is not a valid File.", *example.find_faults())
    assert blocks(ROOT / "docs" / "files-and-receipts.md") == [example.FILE, example.URL_LIST, example.PARTIAL, invalid]


@each_page
def test_pages_carry_no_path_of_a_machine(page: Path) -> None:
    assert re.findall(r"/(?:home|work|Users|root)/\S*", page.read_text()) == []
