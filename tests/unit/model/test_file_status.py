"""What `GET /files/{id}` answers, for every combination of receipt, problem and manifest."""

from http import HTTPStatus

import pytest

from intake.model.file_status import decide_status
from intake.model.pending import Pending
from intake.model.problem import ManifestEntry, Problem

RECEIPT = b'{"id": "lot-7"}'
PENDING = Pending(id="lot-7")
OLD, NEW = '"1"', '"2"'


def problem_of(key: str, etag: str) -> Problem:
    manifest = ManifestEntry(key=key, etag=etag)
    return Problem.of(HTTPStatus.UNPROCESSABLE_ENTITY, "The manifest is empty.", manifest=manifest)


PROBLEM = problem_of("inbox/lot-7.json", OLD)
OF_JSONL = problem_of("inbox/lot-7.jsonl", OLD)
OF_NO_MANIFEST = Problem.of(HTTPStatus.UNPROCESSABLE_ENTITY, "The manifest is empty.")


@pytest.mark.parametrize(
    ("expected", "receipt", "problem", "manifest_version"),
    [
        pytest.param(None, None, None, None, id="nothing is known"),
        pytest.param(PENDING, None, None, NEW, id="a manifest waits"),
        pytest.param(PROBLEM, None, PROBLEM, OLD, id="the manifest is not a File"),
        pytest.param(PROBLEM, None, PROBLEM, None, id="the manifest is not a File and has expired"),
        pytest.param(PENDING, None, PROBLEM, NEW, id="the manifest was mended and waits"),
        pytest.param(OF_JSONL, None, OF_JSONL, None, id="another manifest of that name is not a File"),
        pytest.param(PENDING, None, OF_JSONL, OLD, id="another manifest of that name is not a File, this one waits"),
        pytest.param(PENDING, None, OF_NO_MANIFEST, OLD, id="a problem without its manifest, and a manifest waits"),
        pytest.param(RECEIPT, RECEIPT, None, None, id="the File is done"),
        pytest.param(RECEIPT, RECEIPT, None, NEW, id="the File is done, and its manifest is still in the inbox"),
        pytest.param(RECEIPT, RECEIPT, PROBLEM, NEW, id="the manifest was mended, and the File is done"),
        pytest.param(RECEIPT, RECEIPT, PROBLEM, OLD, id="a manifest that is not a File came after the receipt"),
        pytest.param(
            RECEIPT, RECEIPT, OF_JSONL, None, id="another manifest of that name is not a File, the File is done"
        ),
    ],
)
def test_status_is_the_receipt_then_pending_then_the_problem(
    expected: object, receipt: bytes | None, problem: Problem | None, manifest_version: str | None
) -> None:
    assert decide_status("lot-7", receipt, problem, manifest_version) == expected
