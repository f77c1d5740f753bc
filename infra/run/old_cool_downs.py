"""Removes cool-downs that a new command should not obey: the user may have started the origin since."""

from contextlib import suppress
from pathlib import Path

from intake.download.cool_down_document import parse_cool_down
from intake.model.object_keys import cool_down_key
from intake.model.url import Url

_FOLDER = Path(cool_down_key(Url("https", "a.example", 443, "/"))).parent


def remove_cool_downs_of_unanswered(out: Path) -> None:
    """Remove the documents of origins that could not be reached and never answered."""
    for path in (out / _FOLDER).glob("*.json"):
        with suppress(OSError):  # the document only saves requests
            document = parse_cool_down(path.read_bytes())
            if document is not None and document.never_answered:
                path.unlink(missing_ok=True)
