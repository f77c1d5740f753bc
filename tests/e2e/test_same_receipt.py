"""One File through every entry point of the deployed stack: the receipts are the same but for ids and times."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from support.deployed_lab import Lab, json_lines, wait_for
from support.file_queue import send

OF_A_RUN = {"createdAt", "elapsedMs"}
OF_THE_NEXT_RUN = "known"
"""A receipt that a retry may take over says what is known of the images."""


def make_file(lab: Lab, name: str) -> dict[str, Any]:
    """Return a File with images of several outcomes, all of them final; other entry points get other URLs."""
    paths = ["length", "redirect_302", "status_404", "status_403"]
    urls = [lab.origin.url(f"{path}/{name}") for path in paths] + [lab.url(f"half.jpg?{name}")]
    first, *others, half = urls
    bases = [{"url": others[0], "note": {"n": 1}}, *([url] for url in others[1:]), {"url": half}, [first]]
    bases.append({"url": lab.url(f"golden.png?{name}"), "sha256": "0" * 64})
    return {"id": f"same-{name}", "fileUrl": f"{first}?of=caller", "baseUrls": bases, "note": {"lot": [7, "é"]}}


def by_http(lab: Lab, file: dict[str, Any]) -> None:
    lab.stack.call("POST", "/files", json.dumps(file).encode())


def by_s3(lab: Lab, file: dict[str, Any]) -> None:
    lab.put_in_inbox(f"inbox/{file['id']}.json", json.dumps(file).encode())


def by_bulk(lab: Lab, file: dict[str, Any]) -> None:
    lab.put_in_inbox(f"bulk/{file['id']}.jsonl", json_lines(file))


def by_invoke(lab: Lab, file: dict[str, Any]) -> None:
    lab.invoke("InvokeFunction", json.dumps(file).encode())


def by_queue(lab: Lab, file: dict[str, Any]) -> None:
    send(lab, file)


def read_receipt(lab: Lab, name: str) -> dict[str, Any]:
    """Wait for a receipt; return it without what differs, and with the same names."""
    key = f"receipts/same-{name}.json"
    wait_for(lambda: lab.objects(key), seconds=60)
    receipt: dict[str, Any] = json.loads(lab.read(key).replace(name.encode(), b"x"))
    receipt.pop(OF_THE_NEXT_RUN, None)
    for document in (receipt, *receipt["images"]):
        for member in OF_A_RUN & document.keys():
            assert isinstance(document.pop(member), str if member == "createdAt" else int)
    return receipt | {"digest": len(receipt["digest"])}


@pytest.fixture(scope="module")
def expected(deployed: Lab) -> dict[str, Any]:
    by_http(deployed, make_file(deployed, "by_http"))
    receipt = read_receipt(deployed, "by_http")
    codes = [image.get("error", {}).get("code") for image in receipt["images"]]
    assert codes == [None, None, "not_found", "access_denied", "invalid_image", None, "checksum_mismatch"]
    return receipt


@pytest.mark.parametrize("submit", [by_s3, by_bulk, by_invoke, by_queue])
def test_receipt_is_that_of_http(
    deployed: Lab, expected: dict[str, Any], submit: Callable[[Lab, dict[str, Any]], None]
) -> None:
    name = submit.__name__
    submit(deployed, make_file(deployed, name))
    receipt = read_receipt(deployed, name)
    for found in (receipt, expected):
        for image in found["images"]:
            image["reused"] = None  # the first entry point stores the bytes, the others find them
    counts, expected_counts = receipt.pop("counts"), dict(expected["counts"])
    assert receipt == {name: value for name, value in expected.items() if name != "counts"}
    assert counts == expected_counts | {"stored": 0, "reused": 3}
