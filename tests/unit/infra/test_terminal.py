"""Steps: their last word, and their width."""

import pytest
from infra.command.ports import HIGHEST_PORT
from infra.command.terminal import WIDTH, timed_step

LONGEST = ["Building the artifact for x86_64", f"Starting the local AWS (MiniStack) on port {HIGHEST_PORT}"]


@pytest.mark.parametrize(
    ("word", "error"),
    [("stopped", KeyboardInterrupt()), ("stopped", SystemExit(143)), ("failed", ValueError())],
    ids=["Ctrl-C", "SIGTERM", "an error"],
)
def test_step_says_how_it_ended(word: str, error: BaseException, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(type(error)), timed_step("Working"):
        raise error

    assert capsys.readouterr().out.endswith(f". {word}\n")


@pytest.mark.parametrize("action", LONGEST)
def test_step_fits_into_a_terminal(action: str, capsys: pytest.CaptureFixture[str]) -> None:
    with timed_step(action):
        pass

    line = capsys.readouterr().out
    assert line.endswith(" s\n")
    assert len(line.rstrip("\n")) <= WIDTH
