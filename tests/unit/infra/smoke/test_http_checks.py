"""The API, tried over responses in memory."""

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from infra.local.api_client import ApiResponse
from infra.smoke.check import Check, CheckFailed
from infra.smoke.http_checks import async_checks, http_checks

from support.smoke_fakes import RUN, FakeDeployed, context_of

PROBLEM = {"status": 422, "errors": [{"path": "fileUrl", "message": "must be a string, got a number"}]}


@dataclass
class FakeApi(FakeDeployed):
    """A stack whose API returns the response for each request."""

    responses: dict[str, ApiResponse] = field(default_factory=dict)

    def call(
        self, method: str, path: str, body: bytes | None = None, *, prefer: str = "", is_signed: bool = True
    ) -> ApiResponse:
        sent = json.loads(body or b"{}")
        kind = "invalid" if "baseUrls" not in sent and body else ""
        words = [method, path.removeprefix(f"/files/{RUN}-"), prefer, kind, "" if is_signed else "unsigned"]
        return self.responses[" ".join(filter(None, words))]


def respond(status: int, document: object = None, **headers: str) -> ApiResponse:
    return ApiResponse(status, "application/json", json.dumps(document).encode(), headers)


def run(check: Check) -> str:
    with pytest.raises(CheckFailed) as failed:
        check.run()
    return f"{failed.value.found} {failed.value.advice}"


def checks(**responses: Any) -> dict[str, Check]:
    named = {name.replace("_", " ").replace("respond async", "respond-async"): one for name, one in responses.items()}
    deployed = FakeApi(responses={name.replace("POST", "POST /files"): one for name, one in named.items()})
    deployed.outputs |= {"HttpFunctionLogGroupName": "the-logs", "ApiId": "a1b2"}
    context = context_of(deployed)
    return {check.name: check for check in [*http_checks(context), *async_checks(context)]}


BROKEN = {"message": "Internal server error"}
LOG = "The log group the-logs says why."


@pytest.mark.parametrize(
    ("expected", "response"),
    [
        (f"Expected status 207, got 500: {json.dumps(BROKEN)} {LOG}", respond(500, BROKEN)),
        ("Expected status 207, got 403: null Let your credentials call execute-api:Invoke on the API a1", respond(403)),
        (f"Status 502 and no receipt: {json.dumps(BROKEN)} {LOG}", respond(502, BROKEN)),
        (f"Status 200 and no receipt: [] {LOG}", respond(200, [])),
        (f"Expected the receipt of {RUN}-http with 3 images", respond(200, {"id": "another", "images": []})),
    ],
)
def test_response_without_the_receipt_is_described(expected: str, response: ApiResponse) -> None:
    assert run(checks(POST=response)["POST /files"]).startswith(expected)


def test_refusals_need_a_problem_and_a_signature() -> None:
    good = {"POST_invalid": respond(422, PROBLEM), "POST_invalid_unsigned": respond(403)}
    assert "422" in checks(**good)["POST /files: refusals"].run()
    for changed, expected in (
        ({"POST_invalid": respond(200, {})}, "Expected status 422, got 200"),
        ({"POST_invalid": respond(422, {"status": 422, "errors": []})}, "that names fileUrl"),
        ({"POST_invalid_unsigned": respond(422, PROBLEM)}, "without a signature: expected 403, got 422. Everybody may"),
    ):
        assert expected in run(checks(**good | changed)["POST /files: refusals"])


@pytest.mark.parametrize(
    ("expected", "response"),
    [
        ("Expected status 202, got 207", respond(207, {})),
        (f"Expected Location: /files/{RUN}-async, got /elsewhere.", respond(202, {}, location="/elsewhere")),
        (f"receipts/{RUN}-async.json: none within 0 seconds (WAIT).", respond(202, {}, location=f"/files/{RUN}-async")),
    ],
)
def test_asynchronous_request_needs_a_location_and_a_receipt(expected: str, response: ApiResponse) -> None:
    assert run(checks(POST_respond_async=response)["POST /files, respond-async"]).startswith(expected)
