"""The meaning of a warning is the one of the documentation."""

import pytest
from infra.look.warning_meanings import explain_warning

from intake.model.image_info import ImageWarning


@pytest.mark.parametrize("code", ImageWarning)
def test_every_warning_has_a_sentence(code: ImageWarning) -> None:
    meaning = explain_warning(code)

    assert meaning[0].isupper()
    assert meaning.endswith(".")
    assert not set("`[]") & set(meaning)


@pytest.mark.parametrize("code", ["", "<script>", "no_such_warning"])
def test_other_text_has_no_meaning(code: str) -> None:
    assert not explain_warning(code)
