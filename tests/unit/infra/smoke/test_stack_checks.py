"""Functions, stored images and receipts, over a stack in memory."""

import io
from types import SimpleNamespace
from typing import Any

import pytest
from infra.smoke.check import Check, CheckFailed, CheckSkipped
from infra.smoke.smoke_context import SmokeContext
from infra.smoke.stack_checks import functions_check, objects_check, receipts_check

from support.smoke_fakes import PICTURES, FakeDeployed, aws_error, context_of

WHOLE, TRUNCATED = PICTURES
COUNTS = {"stored": 1, "reused": 0, "failed": 2, "bytes": 5}


def context_with(objects: dict[str, tuple[str, bytes]]) -> SmokeContext:
    def get_object(Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803 - the names of boto3
        assert Bucket == "the-images"
        if Key not in objects:
            raise aws_error("NoSuchKey")
        return {"ContentType": objects[Key][0], "Body": io.BytesIO(objects[Key][1])}

    context = context_of(FakeDeployed(s3=SimpleNamespace(get_object=get_object)))
    context.receipts = {"http": {"counts": COUNTS, "images": [], "digest": "a"}}
    return context


def fail(check: Check) -> str:
    with pytest.raises(CheckFailed) as failed:
        check.run()
    return failed.value.found


GOOD = {WHOLE.key: ("image/jpeg", WHOLE.body)}


def test_stored_images_have_key_type_and_bytes() -> None:
    assert objects_check(context_with(GOOD)).run() == "1 images have the right key, type and bytes"


@pytest.mark.parametrize(
    ("expected", "objects"),
    [
        ("is not in the image bucket, although a receipt names it.", {}),
        ("has the type text/plain or other bytes; expected image/jpeg", {WHOLE.key: ("text/plain", WHOLE.body)}),
        ("has the type image/jpeg or other bytes", {WHOLE.key: ("image/jpeg", b"others")}),
        ("The truncated picture is stored", GOOD | {TRUNCATED.key: ("image/jpeg", TRUNCATED.body)}),
    ],
)
def test_stored_image_that_differs_is_named(expected: str, objects: dict[str, tuple[str, bytes]]) -> None:
    assert expected in fail(objects_check(context_with(objects)))


def test_receipts_that_differ_are_named() -> None:
    context = context_with(GOOD)
    context.receipts["bulk"] = {"counts": COUNTS, "images": [], "digest": "a", "id": "another"}
    assert receipts_check(context).run() == "2 receipts"
    context.receipts["queue"] = {"counts": COUNTS, "images": [], "digest": "b"}
    assert fail(receipts_check(context)) == "The receipts of http and queue differ in digest."


def test_nothing_is_compared_without_a_receipt() -> None:
    context = context_of(FakeDeployed())
    for check in (receipts_check(context), objects_check(context)):
        with pytest.raises(CheckSkipped, match="there is no receipt"):
            check.run()


def answer(found: Any) -> Any:
    if isinstance(found, Exception):
        raise found
    return found


@pytest.mark.parametrize(
    ("expected", "configuration"),
    [
        ("", {}),
        ("", {"State": "Inactive", "LastUpdateStatus": "Successful"}),
        ("", {"concurrency": {"ReservedConcurrentExecutions": 5}}),
        ("", {"concurrency": aws_error("AccessDeniedException")}),
        (
            "The reserved concurrency of http is 0: Lambda never runs it.",
            {"concurrency": {"ReservedConcurrentExecutions": 0}},
        ),
        ("The function http is Failed", {"State": "Failed", "StateReason": "The subnet has no free address."}),
        ("its last update Failed", {"State": "Active", "LastUpdateStatus": "Failed"}),
        ("The function http does not exist.", aws_error("ResourceNotFoundException")),
    ],
)
def test_function_that_cannot_be_invoked_is_named(expected: str, configuration: Any) -> None:
    def describe(**_: str) -> Any:
        return answer(configuration)

    def read_concurrency(**_: str) -> Any:
        return answer(configuration.get("concurrency", {}))

    client = SimpleNamespace(get_function_configuration=describe, get_function_concurrency=read_concurrency)
    check = functions_check(context_of(FakeDeployed(lambda_=client)))
    if expected:
        assert expected in fail(check)
    else:
        assert check.run() == "1 functions"


def test_functions_are_skipped_where_the_viewer_may_not_ask() -> None:
    def describe(**_: str) -> None:
        raise aws_error("AccessDeniedException", "GetFunctionConfiguration")

    client = SimpleNamespace(get_function_configuration=describe)
    with pytest.raises(CheckSkipped, match="may not call GetFunctionConfiguration"):
        functions_check(context_of(FakeDeployed(lambda_=client))).run()
