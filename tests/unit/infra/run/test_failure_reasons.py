"""The reasons that `make run` prints at its end."""

import asyncio

import pytest
from infra.run.failure_reasons import FailureReasons, Reason
from infra.run.group_pauses import GroupPauses

from intake.model.error_codes import Blocked, CorruptImage, CredentialsUnavailable, IntakeError, NotFound
from intake.model.file import File
from intake.model.outcome import Failed, FetchStats
from intake.model.url import Url

URL = "https://a.example/1.heic?X-Amz-Signature=secret"
FILE = File.parse({"urls": [URL]})


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (Blocked(reason="10.0.0.7: private use"), [Reason("blocked", "10.0.0.7: private use")]),
        (CredentialsUnavailable(reason="no secret"), [Reason("failed", "credentials_unavailable: no secret")]),
        (CorruptImage(reason="no EOI"), [Reason("failed", "corrupt_image: https://a.example/1.heic: no EOI")]),
        (CorruptImage(), []),
        (NotFound(reason="404"), []),
    ],
)
def test_reasons_are_those_that_no_receipt_has(error: IntakeError, expected: list[Reason]) -> None:
    reasons = FailureReasons(GroupPauses(asyncio.Semaphore()))
    for _ in range(2):
        reasons.images_done(FILE, [Failed(error, FetchStats())])

    assert (reasons.pop(), reasons.pop()) == (expected, [])


def test_reasons_have_a_url_without_its_query_when_a_decoder_is_not_sure() -> None:
    reasons = FailureReasons(GroupPauses(asyncio.Semaphore()))
    reasons.decoder_unsure(Url.parse(URL), "no decoder reads heic")

    expected = Reason("warning", "decode_warning: https://a.example/1.heic: no decoder reads heic")
    assert reasons.pop() == [expected]
