"""The commands on the pages, read by a shell as a user would type them."""

import shlex
from pathlib import Path

import pytest
from infra.look.source_commands import BucketCommands, FolderCommands

KEY = "runs/run-1/retryable.jsonl"


@pytest.mark.parametrize("folder", ["pictures", "my pictures", "it's $HOME", "/srv/a;b"])
def test_list_of_a_folder_is_sent_again_by_make_run(folder: str) -> None:
    (command,) = FolderCommands(Path(folder)).send_again(KEY)

    make = folder.replace("$", "$$")
    assert shlex.split(command) == ["make", "run", f"LIST={make}/{KEY}", f"OUT={make}"]


def test_list_of_a_bucket_is_fetched_and_sent_again_by_make_bulk() -> None:
    assert BucketCommands("the-images").send_again(KEY) == [
        f"aws s3 cp s3://the-images/{KEY} retryable.jsonl",
        "make bulk LIST=retryable.jsonl",
    ]


def test_commands_for_a_bucket_name_its_stack_and_the_local_aws() -> None:
    commands = BucketCommands("the-images", "boards", "http://127.0.0.1:4566")

    assert commands.follow("run-1") == ["make bulk RUN=run-1 STACK=boards ENDPOINT=http://127.0.0.1:4566"]
    assert commands.fetch_table("runs/run-1/images/") == [
        "aws --endpoint-url http://127.0.0.1:4566 s3 cp --recursive s3://the-images/runs/run-1/images/ table"
    ]
    assert commands.table_files("runs/run-1/images/") == "table/*.jsonl.gz"


def test_table_of_a_folder_is_there_already() -> None:
    commands = FolderCommands(Path("pictures"))

    assert commands.fetch_table("runs/run-1/images/") == []
    assert commands.table_files("runs/run-1/images/") == "pictures/runs/run-1/images/*.jsonl.gz"
    assert commands.location("runs/run-1/images/") == "pictures/runs/run-1/images"


@pytest.mark.parametrize("run", ["run-1; rm -rf ~", "$(id)", "a b", "`id`"])
def test_name_of_a_run_is_one_word_of_a_command(run: str) -> None:
    commands = BucketCommands("the-images")
    prefix = f"runs/{run}/images/"

    assert shlex.split(commands.follow(run)[0])[2].replace("$$", "$") == f"RUN={run}"
    assert shlex.split(commands.fetch_table(prefix)[0])[-2] == f"s3://the-images/{prefix}"
    assert (
        shlex.split(commands.send_again(f"runs/{run}/failed.jsonl")[0])[-2]
        == f"s3://the-images/runs/{run}/failed.jsonl"
    )
