"""Reads one File, which may have several lines, for `make run FILE=...`."""

import json
from pathlib import Path

from infra.bulk.list_check import ENDINGS, LineTarget
from infra.command.errors import CommandError
from intake.model.file import File, InvalidFile
from intake.model.manifest import NotJson, read_document


def read_single_file(path: Path, target: LineTarget, max_base_images: int) -> str:
    """Write a File as one JSON line, and return its id.

    Raises:
        CommandError: the file cannot be read, or is not a valid File. The text has every fault.
    """
    try:
        document = read_document(path.read_bytes())
        file = File.parse(document, max_base_images=max_base_images)
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.") from None
    except NotJson as error:
        advice = " To download a list, set LIST in place of FILE." if path.suffix.lower() in ENDINGS else ""
        raise CommandError(f"{path} {error}.{advice}") from None
    except InvalidFile as error:
        raise CommandError("\n  ".join([f"{path} is not a valid File:", *map(str, error.faults)])) from None
    target.write(json.dumps(document, separators=(",", ":")).encode() + b"\n")
    return file.id
