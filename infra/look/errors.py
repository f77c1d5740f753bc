"""LookError ends `make look` with a message instead of a traceback."""


class LookError(Exception):
    """The page cannot be written. The text says what was found, what was expected and what to do."""
