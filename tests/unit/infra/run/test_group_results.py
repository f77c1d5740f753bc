"""Whether a group is done: its part of the table, its receipts and its images are in the folder, and whole."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
from infra.run.group_results import has_whole_results

from support.run_table import encode_part, failed_row, refused_row, stored_row, write_part

BODY = b"the bytes of an image"
SHA256 = hashlib.sha256(BODY).hexdigest()
IMAGE, RECEIPT = f"images/{SHA256[:2]}/{SHA256}.jpg", "receipts/lot-7.json"
ROWS = [stored_row(1, key=IMAGE, sha256=SHA256), failed_row(1), refused_row(2)]


def write_results(out: Path) -> Path:
    """Write the results of a group, and return its part of the table."""
    for name, body in {IMAGE: BODY, RECEIPT: b"{}"}.items():
        (out / name).parent.mkdir(parents=True)
        (out / name).write_bytes(body)
    return write_part(out, ROWS)


def test_results_are_whole_when_nothing_is_damaged(tmp_path: Path) -> None:
    assert has_whole_results(tmp_path, write_results(tmp_path))


@pytest.mark.parametrize("name", [IMAGE, RECEIPT, "part"])
@pytest.mark.parametrize(
    "damage",
    [lambda _: None, lambda _: b"", lambda body: body[:-1], lambda body: b"\0" * len(body), lambda body: b"[" + body],
    ids=["missing", "empty", "shortened", "zeros", "longer"],
)
def test_results_are_not_whole_when_a_file_is_damaged(
    tmp_path: Path, name: str, damage: Callable[[bytes], bytes | None]
) -> None:
    part = write_results(tmp_path)
    path = part if name == "part" else tmp_path / name
    body = damage(path.read_bytes())
    path.unlink()
    if body is not None:
        path.write_bytes(body)
    assert not has_whole_results(tmp_path, part)


@pytest.mark.parametrize("body", [encode_part([]), encode_part([{}]), encode_part([7]), encode_part(ROWS)[:-8]])
def test_results_are_not_whole_when_a_part_has_no_rows_of_a_table(tmp_path: Path, body: bytes) -> None:
    part = write_results(tmp_path)
    part.write_bytes(body)
    assert not has_whole_results(tmp_path, part)
