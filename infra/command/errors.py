"""CommandError ends a command with a message instead of a traceback."""


class CommandError(Exception):
    """A command cannot continue. The text names the fault and, if a program failed, has the end of its log."""
