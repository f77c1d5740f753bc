"""What is known of images where RESPECT_ROBOTS_TAG is set: only what a response without these directives told."""

from hashlib import sha256

import pytest

from intake.model.limits import Limits
from intake.model.refresh import Refresh
from support.fake_environment import AT, ONE, TWO, Environment, make_origin, sources

NOAI = Limits(respect_robots_tag=("noai",))
BOTH = Limits(respect_robots_tag=("noindex", "noai"))


@pytest.mark.parametrize("refresh", [Refresh.REVALIDATE, Refresh.FRESH])
@pytest.mark.parametrize(("earlier", "later"), [(Limits(), NOAI), (NOAI, BOTH)])
async def test_known_image_is_downloaded_again_when_directives_were_not_looked_for(
    earlier: Limits, later: Limits, refresh: Refresh
) -> None:
    """A 304 may omit the header, so only a whole response shows that they are absent."""
    environment = Environment(make_origin(one=ONE, two=TWO), limits=earlier, refresh=refresh)
    for headers in environment.origin.headers.values():
        headers["cache-control"] = "max-age=60"
    await environment.run("one", "two")
    known = "fresh reused" if refresh is Refresh.FRESH else "unchanged reused"
    assert sources(await environment.another().run("one", "two")) == [known] * 2
    assert sources(await environment.another(limits=later).run("one", "two")) == ["fetched reused"] * 2
    for limits in (later, earlier):  # what was looked for beside the others does no harm
        assert sources(await environment.another(limits=limits).run("one", "two")) == [known] * 2


async def test_origin_is_asked_although_the_expected_digest_is_stored() -> None:
    """It may have opted out since, and the bucket does not say where an object came from."""
    environment = Environment(make_origin(one=ONE), limits=NOAI)
    request = {"url": AT + "one", "sha256": sha256(ONE).hexdigest()}
    found = [sources(await environment.run("one", urls=[request])) for _ in range(2)]
    assert found == [["fetched"], ["unchanged reused"]]
    assert sources(await environment.another(limits=Limits()).run("one", urls=[request])) == ["known reused"]
