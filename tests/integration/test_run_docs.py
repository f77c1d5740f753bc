"""docs/run.md: its commands, one after the other on one list, with the settings that they name."""

import re
import shlex

from infra.build.template_file import ROOT
from infra.run.settings import require_known_variables

from support.run_lab import RunLab, images, lines, runs

PAGE = (ROOT / "docs" / "run.md").read_text()
FIRST, AGAIN, LIMITED, SCRIPT = re.findall(r"^```sh\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
RUN_OF_THE_PAGE = re.compile(r"urls-\d{8}T\d{6}Z")


def run(lab: RunLab, command: str) -> tuple[int, str]:
    """Run a command of the page in the folder of the lab, as `make` does."""
    make, target, *variables = shlex.split(command)
    assert (make, target) == ("make", "run")
    settings = dict(variable.split("=", 1) for variable in variables)
    require_known_variables(settings)
    source, out = settings.pop("LIST"), settings.pop("OUT")
    return lab.run(lab.folder / source, lab.folder / out, **settings)


def test_commands_of_the_page_download_a_list_and_then_what_may_succeed_now(lab: RunLab) -> None:
    busy = lab.origin.url("status_503")
    lab.write("urls.txt", "".join(f"{url}\n" for url in [lab.url(1), lab.url(2), busy]))

    status, output = run(lab, FIRST)

    out = lab.folder / "pictures"
    [first] = runs(out)
    assert (status, len(images(out))) == (1, 2), output
    assert [line["urls"] for line in lines(first / "retryable.jsonl")] == [[busy]]
    status, output = run(lab, RUN_OF_THE_PAGE.sub(first.name, AGAIN))
    assert (status, "1 row in" in output) == (1, True), output
    assert "2 reused" in run(lab, LIMITED)[1]


def test_program_of_the_page_is_the_one_that_make_calls() -> None:
    module = "infra.run"
    assert SCRIPT.split() == ["PYTHONPATH=functions", ".venv/bin/python", "-m", module, "urls.txt", "pictures"]
    assert f"-m {module} " in (ROOT / "Makefile").read_text()


def test_page_names_every_file_of_a_run(lab: RunLab) -> None:
    path = lab.write("urls.txt", f"{lab.url(1)}\n{lab.origin.url('status_404')}\n{lab.origin.url('status_503')}\n")
    lab.run(path)
    [folder] = runs(lab.out)
    names = {name.name for name in folder.iterdir()} - {"run.json", "batches"}  # the command's own
    assert all(f"runs/{{run}}/{name}" in PAGE for name in names)
    assert {"summary.json", "failed.jsonl", "retryable.jsonl", "index.html", "images"} == names
