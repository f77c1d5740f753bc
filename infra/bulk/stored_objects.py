"""Reads objects that may be missing."""

from typing import Any

from botocore.exceptions import ClientError

_NO_SUCH_OBJECT = {"NoSuchKey", "404"}


def find_object(s3: Any, bucket: str, key: str) -> dict[str, Any] | None:  # noqa: ANN401 - boto3 creates its classes at run time
    """Return the response of S3 with an object; None if there is no such object.

    Raises:
        ClientError: S3 refuses the request for another reason.
    """
    try:
        response: dict[str, Any] = s3.get_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] in _NO_SUCH_OBJECT:
            return None
        raise
    return response
