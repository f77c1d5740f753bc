"""Where receipts, tables of runs and images are read from: a bucket, or a folder of `make run`."""

import json
import os
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote, urlsplit

from botocore.exceptions import ClientError

from infra.bulk.commands import DEFAULT_STACK
from infra.bulk.stored_objects import find_object
from infra.look.errors import LookError
from infra.look.image_links import LINK_SECONDS, connect, end_of_links
from infra.look.image_types import content_type_of
from infra.look.run_names import newest_in_bucket, newest_in_folder
from infra.look.safe_text import show_text
from infra.look.source_commands import NO_SETTINGS, BucketCommands, FolderCommands, SourceCommands
from infra.look.table_source import read_bucket, read_folder
from intake.model.object_keys import problem_key, receipt_key, summary_key, table_prefix

if TYPE_CHECKING:
    import boto3

MAX_DOCUMENT_BYTES = 32 * 1024 * 1024
"""A receipt of 501 images with what is known of them has 1 MB."""

_DENIED = {"AccessDenied", "403"}


class ResultSource(Protocol):
    """Results of the service.

    Attributes:
        image_origin: the source expression of the images in a content security policy (CSP 3, 2.3.1).
        expires_at: when the URLs of images end; None if they do not.
        description: where the results are, for messages: "the bucket example-images".
        commands: what a user types to use the results.
    """

    image_origin: str
    expires_at: datetime | None
    description: str
    commands: SourceCommands

    def receipt(self, file_id: str) -> dict[str, Any] | None:
        """Read a receipt, which anybody who may write the bucket can have forged; None if there is none.

        Raises:
            LookError: the object cannot be read, or is no JSON object.
        """

    def problem(self, file_id: str) -> dict[str, Any] | None:
        """Read the problem of a manifest, as `receipt` does."""

    def summary(self, run: str) -> dict[str, Any] | None:
        """Read the summary of a run, as `receipt` does."""

    def rows(self, run: str) -> Iterator[object]:
        """Yield the lines of a run's table, part by part, decoded from JSON; a TableFault for what cannot be read.

        Raises:
            LookError: the table cannot be listed.
        """

    def newest_runs(self, number: int) -> list[str]:
        """Return the names of the newest runs, the newest first.

        Raises:
            LookError: they cannot be listed.
        """

    def image_url(self, key: str) -> str:
        """Return the URL of an image for the page: presigned for an hour, or a relative path.

        It is empty if a folder does not have the image: `make bulk OUT=` downloads results without images.

        Args:
            key: the key of an image, which the caller has checked.
        """

    def read_image(self, key: str, *, max_bytes: int) -> bytes | None:
        """Read an image; None if it does not exist, or has more bytes.

        Raises:
            LookError: it cannot be read.
        """


class _DocumentReader(ABC):
    """Reads the objects of a `ResultSource`; `_read` says how."""

    commands: SourceCommands

    def receipt(self, file_id: str) -> dict[str, Any] | None:
        return self._read_document(receipt_key(file_id))

    def problem(self, file_id: str) -> dict[str, Any] | None:
        return self._read_document(problem_key(file_id))

    def summary(self, run: str) -> dict[str, Any] | None:
        return self._read_document(summary_key(run))

    def read_image(self, key: str, *, max_bytes: int) -> bytes | None:
        body = self._read(key, max_bytes)
        return None if body is None or len(body) > max_bytes else body

    def _read_document(self, key: str) -> dict[str, Any] | None:
        body = self._read(key, MAX_DOCUMENT_BYTES)
        return None if body is None else _parse(body, self.commands.location(key))

    @abstractmethod
    def _read(self, key: str, max_bytes: int) -> bytes | None:
        """Return the bytes of an object, one more than allowed if it has more; None if it does not exist."""


class FolderSource(_DocumentReader):
    """The folder that `make run` has written; a `ResultSource`."""

    image_origin = "file:"
    expires_at: datetime | None = None

    def __init__(self, folder: Path, page_folder: Path, settings: Mapping[str, str] = NO_SETTINGS) -> None:
        """Take the folder, the folder of the page that links to its images, and settings for the next `make run`."""
        self._folder = folder
        # The name of a folder may be no text in UTF-8.
        self._prefix = quote(os.fsencode(os.path.relpath(folder.resolve(), page_folder.resolve())))
        self.description = f"the folder {folder}"
        self.commands = FolderCommands(folder, settings)

    def rows(self, run: str) -> Iterator[object]:
        return read_folder(self._folder / table_prefix(run))

    def newest_runs(self, number: int) -> list[str]:
        return newest_in_folder(self._folder, number)

    def image_url(self, key: str) -> str:
        return f"{self._prefix}/{quote(key)}" if (self._folder / key).is_file() else ""

    def _read(self, key: str, max_bytes: int) -> bytes | None:
        path = self._folder / key
        try:
            with path.open("rb") as file:
                return file.read(max_bytes + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise LookError(f"{path} cannot be read: {error.strerror}.") from None


class BucketSource(_DocumentReader):
    """The image bucket of a stack, read with the credentials of the environment; a `ResultSource`."""

    def __init__(
        self,
        bucket: str,
        endpoint: str | None = None,
        stack: str = DEFAULT_STACK,
        session: "boto3.Session | None" = None,
    ) -> None:
        """Take the bucket.

        Args:
            bucket: its name.
            endpoint: the URL of a local AWS if it is there.
            stack: the name of the stack, for commands.
            session: the credentials and the region; by default, those of the environment.
        """
        self._bucket = bucket
        self._s3 = connect(session, endpoint)
        self.expires_at: datetime | None = end_of_links(self._s3)
        self.description = f"the bucket {bucket}"
        self.commands = BucketCommands(bucket, stack, endpoint)
        url = urlsplit(self.image_url("images/"))
        self.image_origin = f"{url.scheme}://{url.netloc}"

    def rows(self, run: str) -> Iterator[object]:
        return read_bucket(self._s3, self._bucket, table_prefix(run))

    def newest_runs(self, number: int) -> list[str]:
        return newest_in_bucket(self._s3, self._bucket, number)

    def image_url(self, key: str) -> str:
        # The signed link sets the type of the response, so that no browser shows the object as a page.
        parameters = {"Bucket": self._bucket, "Key": key, "ResponseContentType": content_type_of(key)}
        return str(self._s3.generate_presigned_url("get_object", Params=parameters, ExpiresIn=LINK_SECONDS))

    def _read(self, key: str, max_bytes: int) -> bytes | None:
        try:
            found = find_object(self._s3, self._bucket, key)
        except ClientError as error:
            raise LookError(_explain(error, f"s3://{self._bucket}/{key}")) from error
        return None if found is None else found["Body"].read(max_bytes + 1)


def _parse(text: bytes, name: str) -> dict[str, Any]:
    if len(text) > MAX_DOCUMENT_BYTES:
        raise LookError(f"{name} is larger than {MAX_DOCUMENT_BYTES:,} bytes, so it is not from image-intake.")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise LookError(f"{name} is not a JSON object.")
    return document


def _explain(error: ClientError, name: str) -> str:
    details = error.response["Error"]
    answer = show_text(f"{details.get('Code')}: {details.get('Message')}", 300).rstrip(".")
    text = f"{name} cannot be read: S3 answered {answer}."
    if details.get("Code") not in _DENIED:
        return text
    return f"{text} Your credentials need s3:GetObject; without s3:ListBucket, S3 says the same of what does not exist."
