"""The smallest function that uses S3 and a log: it makes a client and a logger."""

from typing import Any

import boto3
from aws_lambda_powertools import Logger

logger = Logger(service="bench")
s3 = boto3.client("s3")


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    del event, context
    logger.info("done")
    return {"statusCode": 200}
