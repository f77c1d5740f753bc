"""The commands on the pages, read by a shell as a user would type them."""

import shlex
from pathlib import Path

import pytest
from infra.look.source_commands import BucketCommands, FolderCommands

KEY = "runs/run-1/retryable.jsonl"


@pytest.mark.parametrize("folder", ["pictures", "my pictures", "it's $HOME", "/srv/a;b"])
def test_list_of_a_folder_is_sent_again_by_make_run(folder: str) -> None:
    (command,) = FolderCommands(Path(folder)).send_again("run-1", KEY)

    make = folder.replace("$", "$$")
    assert shlex.split(command) == ["make", "run", f"LIST={make}/{KEY}", f"OUT={make}"]


def test_list_of_a_bucket_is_fetched_and_sent_again_by_make_bulk() -> None:
    assert BucketCommands("the-images").send_again("run-1", KEY) == [
        "make bulk RUN=run-1 OUT=folder",
        f"make bulk LIST=folder/{KEY}",
    ]


def test_commands_for_a_bucket_name_its_stack_and_the_local_aws() -> None:
    commands = BucketCommands("the-images", "boards", "http://127.0.0.1:4566")

    assert commands.look("lot-7") == "make look ID=lot-7 STACK=boards ENDPOINT=http://127.0.0.1:4566"
    assert commands.follow("run-1") == ["make bulk RUN=run-1 STACK=boards ENDPOINT=http://127.0.0.1:4566"]
    assert commands.fetch_table("run-1") == [
        "make bulk RUN=run-1 STACK=boards ENDPOINT=http://127.0.0.1:4566 OUT=folder"
    ]
    assert commands.table_files("run-1") == "folder/runs/run-1/images/*.jsonl.gz"


def test_table_of_a_folder_is_there_already() -> None:
    commands = FolderCommands(Path("pictures"))

    assert commands.fetch_table("run-1") == []
    assert commands.table_files("run-1") == "pictures/runs/run-1/images/*.jsonl.gz"
    assert commands.look("lot-7") == "make look ID=lot-7 OUT=pictures"
    assert commands.location("runs/run-1/images/") == "pictures/runs/run-1/images"


@pytest.mark.parametrize("run", ["run-1; rm -rf ~", "$(id)", "a b", "`id`"])
def test_name_of_a_run_is_one_word_of_a_command(run: str) -> None:
    commands = BucketCommands("the-images")

    key = f"runs/{run}/failed.jsonl"
    for command in [*commands.follow(run), *commands.fetch_table(run), *commands.send_again(run, key)]:
        words = [word.replace("$$", "$") for word in shlex.split(command)]
        assert words[:2] == ["make", "bulk"]
        assert words[2] in {f"RUN={run}", f"LIST=folder/{key}"}
        assert words[3:] in ([], ["OUT=folder"])
