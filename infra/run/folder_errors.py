"""Names the folder in an error of the operating system, so that the command ends with a message."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.command.errors import CommandError


@contextmanager
def folder_errors_named(folder: Path) -> Iterator[None]:
    """Raise a CommandError in place of the OSError of a folder that cannot be written."""
    try:
        yield
    except OSError as error:
        if os.path.lexists(folder) and not folder.is_dir():
            raise CommandError(f"{folder} is not a folder: name one in OUT, which need not exist.") from None
        is_inside = isinstance(error, FileExistsError | NotADirectoryError) and folder.is_dir()
        reason = f"{error.filename}: {error.strerror}" if is_inside else error.strerror
        raise CommandError(f"the folder {folder} cannot be written: {reason}.") from None
