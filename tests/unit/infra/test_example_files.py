"""The files of `make up`: one folder for each port, deleted at the end."""

import json
from pathlib import Path

import pytest
from infra.local.deploy_template import DeployedStack
from infra.local.example_files import MAX_IMAGES, example_files, folder_of, to_urls
from infra.local.ministack import MiniStack

from intake.model.file import File

DEPLOYED = DeployedStack(
    aws=MiniStack("http://127.0.0.1:4567", Path("log")),
    api_url="http://127.0.0.1:4567/v1",
    api_id="api",
    bucket="the-images",
    inbox="the-inbox",
    failures="queue",
    file_queue="files",
    failed_files="failed-files",
    failed_files_arn="failed-files-arn",
    topic="topic",
    machine="arn",
    function="http",
    functions=("http", "a-InvokeFunction-1"),
    log_group="group",
)
SITE = "http://127.0.0.1:9"


def test_each_port_has_its_own_folder() -> None:
    assert [folder_of(port).name for port in (4566, 4567)] == ["up", "up-4567"]


def test_files_are_deleted_at_the_end(tmp_path: Path) -> None:
    folder = tmp_path / "up"
    with example_files(folder, DEPLOYED, SITE, [f"{SITE}/a.jpg", f"{SITE}/b.jpg"], base_images=True):
        assert {path.name for path in folder.iterdir()} == {
            "env",
            "file.json",
            "message.json",
            "lot.jsonl",
            "list.csv",
            "sam",
        }
        exported = (folder / "env").read_text().splitlines()
        expected = {"IMAGE_BUCKET=the-images", "RECEIPT_TOPIC=topic", "FAILURE_QUEUE_URL=queue", f"PICTURES_URL={SITE}"}
        assert {f"export {variable}" for variable in expected} <= set(exported)

    assert not folder.exists()


@pytest.mark.parametrize(("pictures", "base_images"), [(2, True), (1, False), (500, False)])
def test_file_is_valid_for_any_number_of_pictures(tmp_path: Path, pictures: int, *, base_images: bool) -> None:
    urls = to_urls(SITE, [f"lot 7/{number},x.jpg" for number in range(pictures)])
    with example_files(tmp_path / "up", DEPLOYED, SITE, urls, base_images=base_images):
        file = File.parse(json.loads((tmp_path / "up" / "file.json").read_text()))
        rows = (tmp_path / "up" / "list.csv").read_text().splitlines()

    assert [image.url for image in file.images] == urls[:MAX_IMAGES]
    assert rows[0] == "id,url"
    assert all(row.count(",") == 1 for row in rows)
