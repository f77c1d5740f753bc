"""`find_class`: the name of an exception in a traceback."""

import traceback

import pytest
from infra.local.ministack_patches.function_errors import find_class

from intake.model.file import Fault, InvalidFile


@pytest.mark.parametrize(
    "error",
    [
        InvalidFile([Fault("urls", "is missing")]),
        ZeroDivisionError(),
        KeyError("path"),
        ValueError("of two\nlines: and (brackets)"),
        OSError(2, "No such file"),
    ],
    ids=repr,
)
def test_class_is_found_whatever_the_message_is(error: Exception) -> None:
    trace = "a line of the log: ZeroDivisionError\n" + "".join(traceback.format_exception(error))
    assert find_class(trace, str(error)) == type(error).__name__


@pytest.mark.parametrize("trace", ["", "Worker process died", "ValueError: of another\nsomething else"])
def test_nothing_is_found_without_a_traceback_of_that_message(trace: str) -> None:
    assert find_class(trace, "the message") in {None, ""}
