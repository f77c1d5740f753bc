"""One deployed stack for the tests of the JavaScript examples."""

from collections.abc import Iterator

import pytest

from support.deployed_lab import Lab, deploy_lab


@pytest.fixture(scope="session")
def deployed() -> Iterator[Lab]:
    """The template, deployed by sam on MiniStack, with two origins beside it."""
    with deploy_lab() as lab:
        yield lab
