"""Reads the user's own File, and rejects an invalid one before the service is built and deployed."""

from pathlib import Path

from infra.command.errors import CommandError
from intake.model.file import File, InvalidFile
from intake.model.manifest import NotJson, read_document


def read_file(path: Path, max_base_images: int) -> bytes:
    """Read a File.

    Raises:
        CommandError: the file cannot be read, or is not a valid File. The text has every fault.
    """
    try:
        body = path.read_bytes()
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.") from None
    try:
        File.parse(read_document(body), max_base_images=max_base_images)
    except NotJson as error:
        raise CommandError(f"{path} {error}.") from None
    except InvalidFile as error:
        raise CommandError("\n  ".join([f"{path} is not a valid File:", *map(str, error.faults)])) from None
    return body
