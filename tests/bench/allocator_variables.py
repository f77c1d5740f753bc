"""Variables of glibc's allocator, as the template sets them for the functions. A process reads them when it starts."""

import os
import sys

from infra.build.template_file import load


def allocator_variables() -> dict[str, str]:
    """Return them as the functions get them."""
    variables = load()["Globals"]["Function"]["Environment"]["Variables"]
    return {name: value for name, value in variables.items() if name.startswith("MALLOC_")}


def restart_with_allocator_variables() -> None:
    """Start this program again, unless it has them already."""
    variables = allocator_variables()
    if not variables.items() <= os.environ.items():
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **variables})  # noqa: S606 - this program
