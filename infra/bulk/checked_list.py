"""Checks a list before anything is done with it: what makes it unusable, and what the run will refuse."""

from pathlib import Path

from infra.bulk.list_check import MAX_FAULTS, LineTarget, ListCheck, convert_list
from infra.bulk.local_endpoint import QUESTION, is_file_of_make_up
from intake.model.binary_formats import HEAD_BYTES, describe_other_file_type

ENDINGS = {".jsonl", ".csv", ".txt"}


class UnusableList(Exception):
    """A list cannot be used; the text says why."""


def check_list(path: Path, converted: LineTarget, *, refusal: str) -> ListCheck:
    """Write a list as JSON lines, and print what the run will refuse.

    Args:
        path: the list; its suffix says what it is.
        converted: takes the JSON lines.
        refusal: what is said of a list with faults, such as "was not uploaded".

    Raises:
        UnusableList: the list cannot be read, is no list, or has faults.
    """
    try:
        _require_list(path)
        print(f"Checking {path.name}, {path.stat().st_size:,} bytes ...", flush=True)
        check = convert_list(path, converted)
        converted.flush()
    except OSError as error:
        raise UnusableList(f"{path} cannot be read: {error.strerror}.") from None
    if check.faults:
        more = "\n  There may be more." if len(check.faults) == MAX_FAULTS else ""
        raise UnusableList("\n  ".join([f"{path.name} {refusal}:", *check.faults]) + more)
    if check.refused:
        first = f"The run will refuse {check.refused:,} of {check.files:,} lines:"
        rest = ["..."] if check.refused > len(check.refusals) else []
        print("\n  ".join([first, *check.refusals, *rest]), flush=True)
    return check


def _require_list(path: Path) -> None:
    if not path.is_file():
        question = f" {QUESTION}" if is_file_of_make_up(path) else ""
        raise UnusableList(f"{path} does not exist, or is not a file.{question}")
    if path.suffix.lower() not in ENDINGS:
        with path.open("rb") as file:
            if other := describe_other_file_type(file.read(HEAD_BYTES)):
                raise UnusableList(f"{path.name} {other}.")
        raise UnusableList(
            f"{path.name} is not a list: its name must end in .jsonl (a File or a URL list on each line), .csv "
            "(a column url, or columns fileUrl and baseUrls) or .txt (a URL on each line)."
        )
