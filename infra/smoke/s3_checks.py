"""Tries manifests: a File in the inbox bucket, and one that is not valid."""

import json

from infra.smoke.check import Check
from infra.smoke.http_checks import describe_inbox
from infra.smoke.smoke_context import SmokeContext
from intake.model.object_keys import manifest_key, receipt_key

FUNCTION = "S3"


def manifest_checks(context: SmokeContext) -> list[Check]:
    """Return the check of a manifest."""
    return [Check("manifest", lambda: _ingest(context))]


def manifest_refusals(context: SmokeContext) -> list[Check]:
    """Return the check of an invalid manifest, beside the other."""
    return [Check("manifest: refusals", lambda: _refuse(context))]


def _ingest(context: SmokeContext) -> str:
    file_id = context.file.id_of("manifest")
    expected = receipt_key(file_id)
    context.send("manifest", expected, lambda: _put(context, file_id, context.file.document("manifest")))
    context.wait_for_receipt("manifest", expected, describe_inbox(context))
    return ""


def _refuse(context: SmokeContext) -> str:
    _put(context, context.file.invalid_id_of("manifest"), context.file.invalid_document("manifest"))
    context.wait_for_problem("manifest", describe_inbox(context))
    return "its problem document is under problems/"


def _put(context: SmokeContext, name: str, document: object) -> None:
    body = json.dumps(document).encode()
    deployed = context.deployed
    deployed.s3.put_object(Bucket=deployed.inbox, Key=manifest_key(name), Body=body, ContentType="application/json")
