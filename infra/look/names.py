"""Checks the id of a File and the name of a run, which become parts of keys and of paths."""

import re

from infra.look.errors import WrongInput
from intake.model.file import ID_PATTERN


def require_file_id(file_id: str) -> None:
    """Check the id of a File.

    Raises:
        WrongInput: it is not one.
    """
    if not re.fullmatch(ID_PATTERN, file_id):
        raise WrongInput(f"ID={file_id!r} is not the id of a File: expected letters, digits, '.', '_' and '-'.")


def require_run_name(run: str) -> None:
    """Check the name of a run.

    Raises:
        WrongInput: it is not one.
    """
    if not run or "/" in run or run in {".", ".."} or not run.isprintable():
        raise WrongInput(f"RUN={run!r} is not the name of a run: expected a name without slashes.")
