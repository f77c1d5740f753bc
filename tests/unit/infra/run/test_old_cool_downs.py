"""Which cool-downs of an earlier command are removed before the next one begins."""

from pathlib import Path

from infra.run.old_cool_downs import remove_cool_downs_of_unanswered

from intake.download.cool_down_document import encode_cool_down
from intake.model.object_keys import cool_down_key
from intake.model.url import Url

DOCUMENTS = {
    "busy": encode_cool_down(2e9),
    "silent": encode_cool_down(2e9, never_answered=True),
    "over": encode_cool_down(1e9),
    "rubbish": b"<html>",
}


def test_only_cool_downs_of_origins_that_never_answered_are_removed(tmp_path: Path) -> None:
    paths = {host: tmp_path / cool_down_key(Url.parse(f"http://{host}.example/")) for host in DOCUMENTS}
    for host, path in paths.items():
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(DOCUMENTS[host])
    (tmp_path / "origins" / "folder.json").mkdir()

    remove_cool_downs_of_unanswered(tmp_path)

    assert {host for host, path in paths.items() if path.exists()} == {"busy", "over", "rubbish"}


def test_folder_without_cool_downs_stays_as_it_is(tmp_path: Path) -> None:
    remove_cool_downs_of_unanswered(tmp_path / "new")
    assert list(tmp_path.iterdir()) == []
