"""Patch of Lambda: the name of the exception that a function raises."""

import importlib
import re
from collections.abc import Callable
from typing import Any

_UNNAMED = "Runtime.HandlerError"


def apply() -> None:
    """Replace the function that invokes a function of Python."""
    functions: Any = importlib.import_module("ministack.services.lambda_svc")
    functions._execute_function_warm = _name_exception(functions._execute_function_warm)  # noqa: SLF001 - there is no public way


def find_class(trace: str, message: str) -> str | None:
    """Return the class in the last line of a traceback, without its module; the message may have several lines."""
    found = re.search(rf"^([\w.]+)(?:: {re.escape(message)})?\s*\Z", trace, re.MULTILINE)
    return found and found[1].rpartition(".")[2]


def _name_exception(original: Callable[..., Any]) -> Callable[..., Any]:
    """Report the class of an exception as the type of the error.

    AWS: `errorType` is the name of the class ("AWS Lambda function errors in Python"), under which a state machine
    catches the error.
    MiniStack: `errorType` is Runtime.HandlerError, whatever was raised.
    """

    def execute(*args: Any, **options: Any) -> Any:  # noqa: ANN401 - MiniStack's own
        result = original(*args, **options)
        body = result.get("body")
        if result.get("error") and body.get("errorType") == _UNNAMED:
            body["errorType"] = find_class(result.get("log", ""), body["errorMessage"]) or _UNNAMED
        return result

    return execute
