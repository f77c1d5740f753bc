"""Sends a File to the deployed stack, and writes the page of its receipt."""

from collections.abc import Mapping
from pathlib import Path

from infra.command.errors import CommandError
from infra.local.deploy_template import STACK, DeployedStack, to_json_bytes
from infra.look.errors import LookError
from infra.look.receipt_page import write_receipt_page
from infra.look.sources import BucketSource

RECEIPT_STATUSES = {200, 207, 502}
"""The statuses of a response with a receipt: all images stored, some, none."""


def write_page(deployed: DeployedStack, file_id: str, page: Path, *, embed: bool = False) -> BucketSource:
    """Write the page of a receipt, and return where its pictures come from.

    Raises:
        CommandError: it cannot be written.
    """
    source = BucketSource(deployed.bucket, deployed.aws.endpoint, STACK, deployed.aws.session)
    try:
        write_receipt_page(source, file_id, page, embed=embed)
    except LookError as error:
        raise CommandError(f"The page of the receipt was not written: {error}") from None
    return source


def send_file(deployed: DeployedStack, file: Mapping[str, object]) -> None:
    """Send a File, so that its receipt is in the stack.

    Raises:
        CommandError: the response is not a receipt.
    """
    response = deployed.call("POST", "/files", to_json_bytes(file))
    if response.status not in RECEIPT_STATUSES:
        text = response.body.decode(errors="replace")[:400]
        raise CommandError(f"The example File was refused with status {response.status}: {text}")
