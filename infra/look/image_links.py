"""The S3 client that presigns the links of a page, and when they end."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import boto3

LINK_SECONDS = 3600
"""How long a presigned URL is valid."""


def connect(session: "boto3.Session | None", endpoint: str | None) -> Any:  # noqa: ANN401 - boto3 creates its classes
    """Return a client whose presigned URLs lead to the region of the bucket.

    With boto3's default, they lead to s3.amazonaws.com, which redirects to the region; the page allows one origin only.
    """
    import boto3  # noqa: PLC0415 - its import takes 0.1 s, and the page of a folder does not need it
    from botocore.config import Config  # noqa: PLC0415 - the same

    session = session or boto3.Session()

    def client(addressing_style: str) -> Any:  # noqa: ANN401 - the same
        retries: Any = {"mode": "standard", "max_attempts": 5}
        s3: Any = {"addressing_style": addressing_style}
        config = Config(signature_version="s3v4", connect_timeout=10, retries=retries, s3=s3)
        return session.client("s3", endpoint_url=endpoint, config=config)

    is_aws = ".amazonaws.com" in client("auto").meta.endpoint_url
    return client("virtual" if is_aws else "path")


def end_of_links(s3: Any) -> datetime:  # noqa: ANN401 - the same
    """Return when presigned URLs end: after LINK_SECONDS, or earlier, with temporary credentials."""
    end = datetime.now(UTC) + timedelta(seconds=LINK_SECONDS)
    # botocore has no public attribute for the end of credentials.
    credentials_end = getattr(s3._request_signer._credentials, "_expiry_time", None)  # noqa: SLF001 - the same
    return min(end, credentials_end) if credentials_end else end
