"""The user's own pictures: what is served of a folder, and what is not."""

import http.client
from pathlib import Path

import pytest
from infra.command.errors import CommandError
from infra.pictures.folder import PictureFolder
from infra.pictures.server import serve_pictures


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with two pictures, a hidden file, and a link to a file outside of it."""
    inside = tmp_path / "pictures"
    (inside / "lot 7").mkdir(parents=True)
    (inside / "a.jpg").write_bytes(b"a")
    (inside / "lot 7" / "b.png").write_bytes(b"b")
    (inside / ".hidden").write_bytes(b"hidden")
    (inside / ".git").mkdir()
    (inside / ".git" / "config").write_bytes(b"hidden")
    (tmp_path / "outside.txt").write_bytes(b"outside")
    (inside / "link.jpg").symlink_to(tmp_path / "outside.txt")
    return inside


def test_folder_has_its_files_and_those_of_its_subfolders(folder: Path) -> None:
    assert dict(PictureFolder(folder)) == {"a.jpg": b"a", "lot 7/b.png": b"b"}


@pytest.mark.parametrize(
    "name", ["", ".hidden", ".git/config", "link.jpg", "../outside.txt", "lot 7", "none.jpg", "a\0.jpg"]
)
def test_folder_has_no_file_that_is_hidden_or_outside(folder: Path, name: str) -> None:
    assert PictureFolder(folder).get(name) is None


def test_folder_has_file_that_is_added_later(folder: Path) -> None:
    pictures = PictureFolder(folder)
    (folder / "c.jpg").write_bytes(b"c")

    assert pictures["c.jpg"] == b"c"


def test_folder_is_refused_when_it_has_no_file(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=f"PICTURES={tmp_path} has no file in it"):
        PictureFolder(tmp_path)
    with pytest.raises(CommandError, match="none is not a folder"):
        PictureFolder(tmp_path / "none")


@pytest.mark.parametrize(
    ("expected", "target"),
    [
        ((200, b"b"), "/lot%207/b.png?size=1"),
        ((404, b""), "/%2e%2e/outside.txt"),
        ((404, b""), "/%2ehidden"),
        ((404, b""), "//etc/passwd"),
    ],
)
def test_server_decodes_names(folder: Path, expected: tuple[int, bytes], target: str) -> None:
    with serve_pictures(PictureFolder(folder), delay=0) as port:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        connection.request("GET", target)
        response = connection.getresponse()
        assert (response.status, response.read()) == expected
        connection.close()
