"""Removes what a run left in the buckets and queues, and lists what it could not remove."""

import time
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from infra.smoke.check import describe_aws_error
from infra.smoke.failure_queues import QUEUES, remove_from_file_queue, remove_own_messages
from infra.smoke.smoke_context import SmokeContext
from intake.model.object_keys import receipt_key

STOPPED_SECONDS = 30.0
"""How long to wait for what was sent, when the command was stopped."""

_MAX_KEYS = 1000
"""Keys in one call (Amazon S3, DeleteObjects)."""


def clean_up(context: SmokeContext, wait_seconds: float) -> list[str]:
    """Remove everything that belongs to a run.

    Only names are used that nobody else has: the random name of the run, the name of its bulk run, and the keys of
    its own pictures, whose bytes are random.

    Args:
        context: the run.
        wait_seconds: how long to wait for results that are still to come, so that they can be removed too.

    Returns:
        What could not be removed, and what may still come.
    """
    pending = _wait_for_pending(context, wait_seconds)
    left = []
    if (of_queue := receipt_key(context.file.id_of("queue"))) in pending:
        pending.remove(of_queue)
        left += _remove_file_message(context)
    left += [f"{expected} may still come" for expected in pending]
    left += _stop_run(context)
    for bucket, prefixes in _prefixes(context).items():
        for prefix in prefixes:
            left += _remove(context.deployed.s3, bucket, prefix)
    return [*left, *_clean_queues(context)]


def _stop_run(context: SmokeContext) -> list[str]:
    """Stop the bulk run, if it has not ended: a broken one may try again for minutes, and start an alarm at its end."""
    try:
        if context.run_arn and context.deployed.stack.progress(context.run_arn).is_running:
            context.deployed.stack.stop_run(context.run_arn)
    except (BotoCoreError, ClientError) as error:
        return [f"the run {context.run_name}: {_describe(error)}"]
    return []


def _prefixes(context: SmokeContext) -> dict[str, list[str]]:
    """Return the beginnings of all keys of the run, by bucket."""
    file, deployed = context.file, context.deployed
    names = [f"{folder}/{file.run}-" for folder in ("receipts", "problems")]
    runs = [f"runs/{context.run_name}/"] if context.run_name else []
    images = [picture.key for picture in file.pictures]
    known = [file.known_document] if file.urls else []
    inbox = [f"inbox/{file.run}-", f"bulk/{file.run}-", f"smoke/{file.run}/"]
    return {deployed.inbox: inbox, deployed.images: [*names, *runs, *images, *known]}


def _wait_for_pending(context: SmokeContext, seconds: float) -> list[str]:
    """Wait until everything that was sent has a result; return what has none."""
    deadline = time.monotonic() + seconds
    pending = dict(context.pending)
    while pending:
        for expected, has_result in list(pending.items()):
            try:
                if has_result():
                    pending.pop(expected)
            except (BotoCoreError, ClientError, ValueError):
                continue  # it stays in the list
        if time.monotonic() >= deadline:
            break
        time.sleep(0.5)
    return list(pending)


def _remove(s3: Any, bucket: str, prefix: str) -> list[str]:  # noqa: ANN401 - boto3 creates its classes at run time
    """Remove the objects of a prefix, with all versions; return what is left."""
    try:
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        objects = [{"Key": one["Key"]} for page in pages for one in page.get("Contents", [])]
        left, has_versions = _delete(s3, bucket, objects)
        return [*left, *(_remove_versions(s3, bucket, prefix) if has_versions else [])]
    except (BotoCoreError, ClientError) as error:
        return [f"s3://{bucket}/{prefix}*: {_describe(error)}"]


def _remove_versions(s3: Any, bucket: str, prefix: str) -> list[str]:  # noqa: ANN401 - the same
    """Remove the versions of objects in a bucket that keeps them; the objects are deleted already."""
    try:
        pages = s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix)
        versions = [version for page in pages for version in _versions_of(page)]
        return _delete(s3, bucket, versions)[0]
    except (BotoCoreError, ClientError) as error:
        return [f"earlier versions of s3://{bucket}/{prefix}*: {_describe(error)}"]


def _versions_of(page: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    for version in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
        yield {"Key": version["Key"], "VersionId": version["VersionId"]}


def _delete(s3: Any, bucket: str, objects: list[dict[str, str]]) -> tuple[list[str], bool]:  # noqa: ANN401 - the same
    """Delete objects or versions; return what is left, and whether the bucket keeps versions."""
    left: list[str] = []
    has_versions = False
    for start in range(0, len(objects), _MAX_KEYS):
        some = objects[start : start + _MAX_KEYS]
        response = s3.delete_objects(Bucket=bucket, Delete={"Objects": some})
        has_versions |= any(deleted.get("DeleteMarker") for deleted in response.get("Deleted", []))
        left += [f"s3://{bucket}/{error['Key']}: {error['Code']}" for error in response.get("Errors", [])]
    return left, has_versions


def _clean_queues(context: SmokeContext) -> list[str]:
    left: list[str] = []
    for output in QUEUES:
        if url := context.deployed.outputs.get(output):
            try:
                remove_own_messages(context.deployed.sqs, url, context.file.run)
            except (BotoCoreError, ClientError) as error:
                left.append(f"messages of {context.file.run} in {url}: {_describe(error)}")
    return left


def _remove_file_message(context: SmokeContext) -> list[str]:
    """Remove the message of the run from the queue of Files, if it was not ingested; return what is left."""
    try:
        left = remove_from_file_queue(context)
    except (BotoCoreError, ClientError) as error:
        left = f"the message of {context.file.id_of('queue')}: {_describe(error)}"
    return [left] if left else []


def _describe(error: Exception) -> str:
    return describe_aws_error(error) if isinstance(error, ClientError) else str(error)
