"""Deployed: the stack that a run tries: its outputs, clients of AWS, signed calls to its API, and documents."""

import json
import os
from collections.abc import Mapping
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

from infra.bulk.stack import Stack
from infra.bulk.stored_objects import find_object
from infra.local.api_client import ApiResponse, Credentials, send_request
from infra.look.image_links import connect
from intake.settings.table import SETTINGS

URL_SECONDS = 900
"""How long the presigned URLs of the pictures are valid."""

READ_SECONDS = 60
"""Limit of the wait for a response of AWS, also for that of a function that is invoked."""

_CONFIG = Config(connect_timeout=5, read_timeout=READ_SECONDS, retries={"mode": "standard", "max_attempts": 3})
_INVOKE_CONFIG = Config(connect_timeout=5, read_timeout=READ_SECONDS, retries={"mode": "standard", "max_attempts": 1})
_DEFAULTS = {setting.name: setting.default_text for setting in SETTINGS}


class Deployed:
    """A deployed stack.

    Attributes:
        name: the name of the stack.
        stack: the calls of `make bulk` to it.
        outputs: its outputs, by name.
        s3, lambda_, sqs, cloudformation, cloudwatch, iam: clients, which threads may share.
        variables: the settings of the function that serves the API; the defaults if they cannot be read.
    """

    def __init__(self, name: str, endpoint: str | None = None) -> None:
        """Read the stack, with the credentials of the environment.

        Args:
            name: the name of the stack.
            endpoint: the URL of a local AWS; by default the variable AWS_ENDPOINT_URL, as for boto3.

        Raises:
            BulkError: there is no such stack, or it has no bulk entry point.
        """
        self.name = name
        self.stack = Stack(name, endpoint)
        self.outputs = self.stack.outputs
        self.lambda_ = self.stack.client("lambda", _INVOKE_CONFIG)
        self.s3, self.sqs, self.cloudformation, self.cloudwatch, self.iam = (
            self.stack.client(service, _CONFIG) for service in ("s3", "sqs", "cloudformation", "cloudwatch", "iam")
        )
        self._links = connect(None, endpoint)
        self._local = endpoint or os.environ.get("AWS_ENDPOINT_URL")
        self.variables = {**_DEFAULTS, **self._read_variables()}

    @property
    def images(self) -> str:
        """The name of the image bucket."""
        return self.stack.images

    @property
    def inbox(self) -> str:
        """The name of the inbox bucket."""
        return self.stack.inbox

    @property
    def api_url(self) -> str:
        """The URL of the API. On a local AWS it is the path form, because the host form needs DNS."""
        if self._local:
            return f"{self._local.rstrip('/')}/_aws/execute-api/{self.outputs['ApiId']}/v1"
        return self.outputs["ApiUrl"]

    def call(
        self, method: str, path: str, body: bytes | None = None, *, prefer: str = "", is_signed: bool = True
    ) -> ApiResponse:
        """Send a request to the API, signed with the credentials of the environment."""
        headers = {"Prefer": prefer} if prefer else {}
        session = boto3.Session()
        credentials, region = _read_keys(session) if is_signed else None, str(session.region_name)
        return send_request(method, self.api_url + path, body, region=region, credentials=credentials, headers=headers)

    def presign(self, key: str) -> str:
        """Return a URL with which the functions download an object of the inbox bucket."""
        parameters = {"Bucket": self.inbox, "Key": key}
        return str(self._links.generate_presigned_url("get_object", Params=parameters, ExpiresIn=URL_SECONDS))

    def read_document(self, key: str) -> dict[str, Any] | None:
        """Read a JSON object of the image bucket; None if there is none."""
        response = find_object(self.s3, self.images, key)
        if response is None:
            return None
        document: dict[str, Any] = json.loads(response["Body"].read())
        return document

    def functions(self) -> Mapping[str, str]:
        """Return the names of the functions by the name of their output without "FunctionName"."""
        ending = "FunctionName"
        return {key.removesuffix(ending): value for key, value in self.outputs.items() if key.endswith(ending)}

    def _read_variables(self) -> dict[str, str]:
        try:
            found = self.lambda_.get_function_configuration(FunctionName=self.outputs["HttpFunctionName"])
        except (BotoCoreError, ClientError, KeyError):
            return {}  # the check of the functions says so
        variables: dict[str, str] = found.get("Environment", {}).get("Variables", {})
        return {name: value for name, value in variables.items() if value}


def _read_keys(session: boto3.Session) -> Credentials:
    """Return the credentials of the environment as they are now: temporary ones are refreshed.

    Raises:
        NoCredentialsError: there are none.
    """
    found = session.get_credentials()
    if found is None:
        raise NoCredentialsError
    keys = found.get_frozen_credentials()
    return Credentials(str(keys.access_key), str(keys.secret_key), keys.token)
