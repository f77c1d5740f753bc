"""Checks what a caller does not see: functions, stored objects, and that all receipts say the same."""

from botocore.exceptions import ClientError

from infra.bulk.stored_objects import find_object
from infra.smoke.check import Check, CheckFailed, CheckSkipped, raise_unless_denied
from infra.smoke.pictures import Picture
from infra.smoke.receipts import normalize
from infra.smoke.smoke_context import SmokeContext


def functions_check(context: SmokeContext) -> Check:
    """Return the check that every function exists and can be invoked."""
    return Check("functions", lambda: _check_functions(context))


def receipts_check(context: SmokeContext) -> Check:
    """Return the check that all entry points stored the same receipt, except for ids and times."""
    return Check("receipts are the same", lambda: _compare_receipts(context))


def objects_check(context: SmokeContext) -> Check:
    """Return the check of the stored images: key, type and bytes."""
    return Check("stored images", lambda: _check_objects(context))


def _check_functions(context: SmokeContext) -> str:
    functions = context.deployed.functions()
    try:
        faults = [fault for name in functions if (fault := context.find_fault_of_function(name))]
    except ClientError as error:
        raise_unless_denied(error)
    if faults:
        raise CheckFailed(" ".join(fault.found for fault in faults), " ".join({fault.advice: None for fault in faults}))
    return f"{len(functions)} functions"


def _compare_receipts(context: SmokeContext) -> str:
    receipts = {name: normalize(receipt) for name, receipt in context.receipts.items()}
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


def _check_objects(context: SmokeContext) -> str:
    if not context.receipts:
        raise CheckSkipped("there is no receipt")
    whole = [picture for picture in context.file.pictures if picture.is_whole]
    for picture in context.file.pictures:
        _check_object(context, picture)
    return f"{len(whole)} images have the right key, type and bytes"


def _check_object(context: SmokeContext, picture: Picture) -> None:
    found = find_object(context.deployed.s3, context.deployed.images, picture.key)
    if found is None:
        if picture.is_whole:
            raise CheckFailed(f"{picture.key} is not in the image bucket, although a receipt names it.")
        return
    if not picture.is_whole:
        raise CheckFailed(f"The truncated picture is stored as {picture.key}.", "Report it as a bug.")
    if found["ContentType"] != picture.content_type or found["Body"].read() != picture.body:
        raise CheckFailed(
            f"{picture.key} has the type {found['ContentType']} or other bytes; expected {picture.content_type} and "
            "the bytes that were sent."
        )
