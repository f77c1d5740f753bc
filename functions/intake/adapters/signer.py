"""Signatures for one bucket (AWS Signature Version 4, in the query), by boto3's own signer.

`generate_presigned_url` resolves the endpoint anew for every key, which is most of its cost (0.21 ms against 0.08).
So boto3 is asked once what a URL of this bucket looks like, and its signer then signs one key after the other.
"""

import os
from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qs, quote, urlsplit

import boto3
from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.exceptions import NoCredentialsError

_SECONDS = 300
_PROBE = "probe"


@dataclass(frozen=True, slots=True)
class SignedUrl:
    """A URL that S3 takes for five minutes.

    Attributes:
        origin: scheme, host and port.
        target: path and query, as signed.
    """

    origin: str
    target: str


class Signer:
    """Signs requests for the objects of one bucket."""

    def __init__(self, session: boto3.Session, bucket: str) -> None:
        """Ask boto3 once where the bucket is; nothing is sent.

        Args:
            session: has the credentials, the region, and the endpoint where one is set.
            bucket: the name of a general purpose bucket.

        Raises:
            NoCredentialsError: botocore's; there is nothing to sign with.
        """
        credentials = session.get_credentials()
        if credentials is None:
            raise NoCredentialsError
        # The address of the region: the global one does not know a new bucket elsewhere for hours. What stands in
        # for S3 has no host name for every bucket.
        own = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
        style: Literal["path", "virtual"] = "path" if own else "virtual"
        client = session.client("s3", config=Config(signature_version="s3v4", s3={"addressing_style": style}))
        parts = urlsplit(client.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": _PROBE}))
        _, _, region, service, _ = parse_qs(parts.query)["X-Amz-Credential"][0].rsplit("/", 4)
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self._prefix = parts.path.removesuffix(_PROBE)
        self._credentials = credentials
        self._scope = (service, region)

    def sign(self, method: str, key: str, headers: dict[str, str]) -> SignedUrl:
        """Sign one request.

        Args:
            method: GET or PUT.
            key: of the object.
            headers: all of them; the request must carry them as they are here.
        """
        request = AWSRequest(method, self._origin + self._prefix + quote(key, safe="/~"), headers)
        credentials = self._credentials.get_frozen_credentials()
        S3SigV4QueryAuth(credentials, *self._scope, expires=_SECONDS).add_auth(request)
        return SignedUrl(self._origin, str(request.url).removeprefix(self._origin))
