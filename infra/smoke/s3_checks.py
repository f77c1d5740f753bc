"""Tries manifests: a File in the inbox bucket, and one that is not valid."""

import json

from infra.smoke.attempt import Attempt
from infra.smoke.check import Check
from infra.smoke.http_checks import describe_inbox
from intake.model.object_keys import manifest_key, receipt_key

FUNCTION = "S3"


def manifest_checks(attempt: Attempt) -> list[Check]:
    """Return the check of a manifest."""
    return [Check("manifest", lambda: _ingest(attempt))]


def manifest_refusals(attempt: Attempt) -> list[Check]:
    """Return the check of an invalid manifest, beside the other."""
    return [Check("manifest: refusals", lambda: _refuse(attempt))]


def _ingest(attempt: Attempt) -> str:
    file_id = attempt.file.id_of("manifest")
    expected = receipt_key(file_id)
    attempt.send("manifest", expected, lambda: _put(attempt, file_id, attempt.file.document("manifest")))
    attempt.wait_for_receipt("manifest", expected, describe_inbox(attempt))
    return ""


def _refuse(attempt: Attempt) -> str:
    _put(attempt, attempt.file.invalid_id_of("manifest"), attempt.file.invalid_document("manifest"))
    attempt.wait_for_problem("manifest", describe_inbox(attempt))
    return "its problem document is under problems/"


def _put(attempt: Attempt, name: str, document: object) -> None:
    body = json.dumps(document).encode()
    deployed = attempt.deployed
    deployed.s3.put_object(Bucket=deployed.inbox, Key=manifest_key(name), Body=body, ContentType="application/json")
