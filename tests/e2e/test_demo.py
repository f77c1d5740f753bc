"""What `make demo` prints: of a File of the user's own, and of the same File again."""

import re
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
    assert re.search(r"^  file    127\.0\.0\.1:\d+ +inspect\.jpg +(stored|reused) ", printed, re.MULTILINE)
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
