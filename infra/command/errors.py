"""The error that ends a command with a message in place of a traceback."""


class CommandError(Exception):
    """A command cannot go on. The text names the fault and, where a program failed, shows the end of its log."""
