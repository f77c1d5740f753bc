"""Checks `ExistingImageBucket` before a deployment: without the bucket, a stack is deployed and stores nothing."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from infra.deploy.account import CONFIG, Account


class ImageBucketError(Exception):
    """The stack cannot store images in the bucket; the text says why."""


def check_image_bucket(account: Account, parameters: Mapping[str, str]) -> str | None:
    """Check that the bucket exists in the region of the stack.

    Args:
        account: the account and the region of the stack.
        parameters: those that sam gets.

    Returns:
        A warning if AWS does not show the bucket, or None.

    Raises:
        ImageBucketError: there is no such bucket, or it is in another region.
    """
    if not (bucket := parameters.get("ExistingImageBucket")):
        return None
    status, region = _find_bucket(bucket, account)
    if status == HTTPStatus.NOT_FOUND:
        raise ImageBucketError(
            f"ExistingImageBucket={bucket}: there is no such bucket. Create it, or correct the name."
        )
    if region and region != account.region:
        raise ImageBucketError(
            f"ExistingImageBucket={bucket}: expected a bucket in {account.region}, the region of the stack;"
            f" it is in {region}."
        )
    if status == HTTPStatus.OK:
        return None
    return (
        f"Warning: AWS does not show the bucket {bucket} to you (status {status}). It must belong to account"
        f" {account.number}, or no image is stored."
    )


def _find_bucket(bucket: str, account: Account) -> tuple[int, str]:
    """Return S3's status for a bucket of the account, and the bucket's region if S3 names it; 0 without a response."""
    answer: Any  # boto3's types for a response and for that of an error differ
    client = boto3.Session().client("s3", config=CONFIG)
    try:
        answer = client.head_bucket(Bucket=bucket, ExpectedBucketOwner=account.number)
    except ClientError as error:
        answer = error.response
    except BotoCoreError:
        return 0, ""
    metadata = answer["ResponseMetadata"]
    return metadata["HTTPStatusCode"], metadata["HTTPHeaders"].get("x-amz-bucket-region", "")
