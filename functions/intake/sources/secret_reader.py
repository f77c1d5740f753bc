"""SecretReader: reads one secret of AWS Secrets Manager with Powertools Parameters. It blocks: a thread runs it."""

import logging

from aws_lambda_powertools.utilities.parameters import GetParameterError, SecretsProvider
from boto3 import Session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from intake.sources.host_credentials import SecretUnreadable

MAX_AGE_SECONDS = 295
"""The age at which Powertools reads the secret again. `SECONDS_BETWEEN_READS` later, its value is not used any more."""

_CONNECT_TIMEOUT = 1.0
_READ_TIMEOUT = 2.0
_MAX_ATTEMPTS = 2
_REGION = 3
"""The position of the region in an ARN."""


class SecretReader:
    """Reads one secret. Powertools keeps its value."""

    def __init__(self, arn: str) -> None:
        """Create a client; nothing is sent.

        Args:
            arn: the ARN of the secret, which names its region.

        Raises:
            SecretUnreadable: boto3 cannot create the client.
        """
        self._arn = arn
        # At level DEBUG, botocore logs the body of each response. LogLevel=DEBUG sets that level for every logger.
        logging.getLogger("botocore").setLevel(logging.INFO)
        config = Config(
            connect_timeout=_CONNECT_TIMEOUT,
            read_timeout=_READ_TIMEOUT,
            retries={"mode": "standard", "total_max_attempts": _MAX_ATTEMPTS},
        )
        try:
            # Its own session: a session must not be used by several threads.
            session = Session(region_name=arn.split(":")[_REGION])
            self._provider = SecretsProvider(boto3_session=session, boto_config=config)
        except Exception as error:
            # boto3 raises errors of many kinds for endpoints, profiles and files of credentials. None of them is a bug.
            raise SecretUnreadable(f"{error}") from error

    def read(self, *, is_forced: bool) -> str | bytes:
        """Return the value of the secret, at most `MAX_AGE_SECONDS` old.

        Args:
            is_forced: whether it is read now, whatever its age.

        Raises:
            SecretUnreadable: Secrets Manager cannot be reached, denies access, or has no such secret.
        """
        try:
            value = self._provider.get(self._arn, max_age=MAX_AGE_SECONDS, force_fetch=is_forced)
        except GetParameterError as error:
            raise SecretUnreadable(_describe(error.__context__)) from None
        if not isinstance(value, str | bytes):
            raise SecretUnreadable("it has no value")
        return value


def _describe(error: BaseException | None) -> str:
    """Say why a read failed. Only errors of AWS and its SDK are quoted: they name the missing right, never a value."""
    return f"{error}" if isinstance(error, ClientError | BotoCoreError) else type(error).__name__
