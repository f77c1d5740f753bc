"""Errors that end `make look` with a message instead of a traceback."""


class LookError(Exception):
    """The page cannot be written. The text says what was found, what was expected and what to do."""

    exit_status = 1


class WrongInput(LookError):
    """An argument of the command cannot be right."""

    exit_status = 2
