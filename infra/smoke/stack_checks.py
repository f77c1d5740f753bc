"""Checks what a caller does not see: functions, stored objects, and that all receipts say the same."""

from botocore.exceptions import ClientError

from infra.smoke.attempt import Attempt
from infra.smoke.check import Check, CheckFailed, CheckSkipped, raise_unless_denied
from infra.smoke.pictures import Picture
from infra.smoke.receipts import normalize

_MISSING = {"NoSuchKey", "404"}


def functions_check(attempt: Attempt) -> Check:
    """Return the check that every function exists and can be invoked."""
    return Check("functions", lambda: _check_functions(attempt))


def receipts_check(attempt: Attempt) -> Check:
    """Return the check that all entry points stored the same receipt, except for ids and times."""
    return Check("receipts are the same", lambda: _compare_receipts(attempt))


def objects_check(attempt: Attempt) -> Check:
    """Return the check of the stored images: key, type and bytes."""
    return Check("stored images", lambda: _check_objects(attempt))


def _check_functions(attempt: Attempt) -> str:
    functions = attempt.deployed.functions()
    try:
        faults = [fault for name in functions if (fault := attempt.find_fault_of_function(name))]
    except ClientError as error:
        raise_unless_denied(error)
    if faults:
        raise CheckFailed(" ".join(faults), "Deploy the stack again.")
    return f"{len(functions)} functions"


def _compare_receipts(attempt: Attempt) -> str:
    receipts = {name: normalize(receipt) for name, receipt in attempt.receipts.items()}
    if not receipts:
        raise CheckSkipped("there is no receipt")
    first, *others = receipts
    for name in others:
        if receipts[name] != receipts[first]:
            different = [key for key in receipts[first] if receipts[first][key] != receipts[name].get(key)]
            raise CheckFailed(
                f"The receipts of {first} and {name} differ in {', '.join(different)}.", "Report it as a bug."
            )
    return f"{len(receipts)} receipts"


def _check_objects(attempt: Attempt) -> str:
    if not attempt.receipts:
        raise CheckSkipped("there is no receipt")
    whole = [picture for picture in attempt.file.pictures if picture.is_whole]
    for picture in attempt.file.pictures:
        _check_object(attempt, picture)
    return f"{len(whole)} images have the right key, type and bytes"


def _check_object(attempt: Attempt, picture: Picture) -> None:
    try:
        found = attempt.deployed.s3.get_object(Bucket=attempt.deployed.images, Key=picture.key)
    except ClientError as error:
        if error.response["Error"]["Code"] not in _MISSING:
            raise
        if picture.is_whole:
            raise CheckFailed(f"{picture.key} is not in the image bucket, although a receipt names it.") from error
        return
    if not picture.is_whole:
        raise CheckFailed(f"The truncated picture is stored as {picture.key}.", "Report it as a bug.")
    if found["ContentType"] != picture.content_type or found["Body"].read() != picture.body:
        raise CheckFailed(
            f"{picture.key} has the type {found['ContentType']} or other bytes; expected {picture.content_type} and "
            "the bytes that were sent."
        )
