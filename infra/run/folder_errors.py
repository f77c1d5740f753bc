"""Names the folder in an error of the operating system, so that the command ends with a message."""

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
        if isinstance(error, FileExistsError) or (isinstance(error, NotADirectoryError) and folder.exists()):
            raise CommandError(f"{folder} is not a folder: name one in OUT, which need not exist.") from None
        raise CommandError(f"the folder {folder} cannot be written: {error.strerror}.") from None
