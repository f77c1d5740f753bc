"""A folder of the user's own pictures, as a mapping from name to bytes."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from infra.command.errors import CommandError


class PictureFolder(Mapping[str, bytes]):
    """The files of a folder and its subfolders, read when they are asked for.

    A name is a path relative to the folder, with `/`. Hidden files, and symbolic links that lead out of the folder, are
    not part of it.
    """

    def __init__(self, folder: Path) -> None:
        """Check that the folder has at least one file.

        Raises:
            CommandError: it has none, or it is not a folder that can be read.
        """
        if not folder.is_dir():
            raise CommandError(f"PICTURES={folder} is not a folder.")
        self._folder = folder.resolve()
        if not any(iter(self)):
            raise CommandError(f"PICTURES={folder} has no file in it.")

    def __getitem__(self, name: str) -> bytes:
        """Read one file.

        Raises:
            KeyError: there is no such file, or it cannot be read.
        """
        path = self._folder / name
        if "\0" in name or not self._is_served(path):
            raise KeyError(name)
        try:
            return path.read_bytes()
        except OSError as error:
            raise KeyError(name) from error

    def __iter__(self) -> Iterator[str]:
        """The names, sorted."""
        files = (path for path in self._folder.rglob("*") if self._is_served(path))
        return iter(sorted(path.relative_to(self._folder).as_posix() for path in files))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _is_served(self, path: Path) -> bool:
        target = path.resolve()
        if not target.is_relative_to(self._folder) or not target.is_file():
            return False
        return not any(part.startswith(".") for part in target.relative_to(self._folder).parts)
