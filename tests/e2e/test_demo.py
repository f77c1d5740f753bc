"""What `make demo` prints: of a File of the user's own, and of the same File again."""

import json
import re
import sys
from pathlib import Path

import pytest
from infra.demo import __main__ as demo
from infra.local.deploy_template import to_json_bytes
from infra.local.receipt_page import write_page

from support.deployed_lab import Lab
from support.html_document import parse_html


def test_demo_prints_hosts_and_why_a_url_is_blocked(deployed: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    file = {"id": "demo-blocked", "fileUrl": deployed.url("inspect.jpg"), "baseUrls": [["ftp://10.0.0.1/a.png"]]}

    run = demo._send(deployed.stack, to_json_bytes(file))
    demo._print_run(deployed.stack, run, show_hosts=True)

    printed = capsys.readouterr().out
    assert re.search(r"^  base 0  10\.0\.0\.1 +a\.png +failed .* blocked: scheme ftp$", printed, re.MULTILINE)
    assert re.search(r"^  file    127\.0\.0\.1:\d+ +inspect\.jpg +(stored|reused|unchanged) ", printed, re.MULTILINE)
    assert "scheme ftp" not in str(run.receipt)


def test_demo_compares_three_runs_of_one_file(deployed: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    """The images have new URLs, though not new bytes, so only the first run downloads them."""
    inspect, golden, half = (deployed.url(f"{name}?again") for name in ("inspect.jpg", "golden.png", "half.jpg"))
    file = {"id": "demo-again", "fileUrl": inspect, "baseUrls": [[golden], [half]]}
    sizes = {name: len(content) for name, content in deployed.pictures.items()}
    first = demo._measure(deployed.stack, deployed.traffic, file)

    demo._send_again(deployed.stack, deployed.traffic, file, first)

    assert first.traffic.origin_bytes == sizes["inspect.jpg"] + sizes["golden.png"] + sizes["half.jpg"]
    figures = {
        row[0]: row[1:]
        for line in capsys.readouterr().out.splitlines()
        if len(row := re.split("  +", line.strip())) > 3
    }
    damaged, whole = f"{sizes['half.jpg']:,}", f"{first.traffic.origin_bytes:,}"
    assert figures["bytes of images from the origin"] == [whole, damaged, whole]
    assert figures["requests to the origin"] == ["3", "3", "3"]
    assert figures["of these, answered 304: unchanged"] == ["0", "2", "0"]
    assert figures["S3: PUT receipts/"] == ["1", "1", "1"]
    assert figures["S3: PUT images/"][1:] == ["0", "2"]


def test_demo_page_holds_its_pictures(deployed: Lab, tmp_path: Path) -> None:
    """The stack is gone when somebody opens the page."""
    file = {"id": "demo-page", "fileUrl": deployed.url("inspect.jpg"), "baseUrls": [[deployed.url("half.jpg")]]}
    demo._send(deployed.stack, to_json_bytes(file))

    write_page(deployed.stack, "demo-page", tmp_path / "receipt.html", embed=True)

    page = parse_html((tmp_path / "receipt.html").read_text())
    assert page.find("section", "panel").find("h2").text == "1 of 2 images failed"
    assert page.find("img").attributes["src"].startswith("data:image/jpeg;base64,")
    assert deployed.stack.aws.endpoint not in (tmp_path / "receipt.html").read_text()


@pytest.fixture
def variables(deployed: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Let `demo.main` use the stack of the tests. Return the variables that the functions would get."""
    found: dict[str, str] = {}
    for name in ("install_signal_handlers", "ignore_aws_profiles", "stop_orphans"):
        monkeypatch.setattr(demo, name, lambda: None)
    monkeypatch.setattr(demo, "start_stack", lambda *_, **__: deployed.stack)
    monkeypatch.setattr(demo, "relax_for_loopback", lambda _, given: found.update(given))
    monkeypatch.setattr(demo, "ROOT", tmp_path)
    monkeypatch.setattr(demo, "USER_PAGES", tmp_path / "files")
    monkeypatch.setattr(sys, "argv", ["make demo", str(tmp_path / "my.json"), "--given", "FILE ALLOW"])
    monkeypatch.setenv("ALLOW", "127.0.0.0/8")
    return found


@pytest.mark.parametrize(
    ("names", "status", "said"),
    [
        (("inspect.jpg", "golden.png"), 0, "Nothing is left running."),
        (("inspect.jpg", "half.jpg"), 1, "1 of 2 images failed. The page says what to do about each."),
        (("half.jpg", "http://10.0.0.1:8000/a.png"), 1, "No image of this File is stored: all 2 images failed."),
    ],
)
def test_demo_of_a_file_says_what_failed_and_has_a_page_of_its_own(
    deployed: Lab,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    variables: dict[str, str],
    *,
    names: tuple[str, str],
    status: int,
    said: str,
) -> None:
    first, second = (name if ":" in name else deployed.url(name) for name in names)
    (tmp_path / "my.json").write_text(json.dumps({"id": "receipt", "fileUrl": first, "baseUrls": [[second]]}))

    assert demo.main() == status

    printed = capsys.readouterr().out
    assert said in printed
    assert variables == {"ALLOWED_NETWORKS": "127.0.0.0/8"}
    assert "Open files/receipt.html in a browser" in printed
    assert parse_html((tmp_path / "files" / "receipt.html").read_text()).find("h1").text == "receipt"
    assert ("To allow what is yours: ALLOWED_PORTS=80,443,8000" in printed) == (":" in names[1])


def test_page_of_a_file_is_not_that_of_the_demo() -> None:
    assert demo.USER_PAGES / f"{demo.PAGE.stem}.html" != demo.PAGE
