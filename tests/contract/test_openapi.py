"""infra/openapi.yaml is valid, is generated from the models, and describes the responses of the HTTP handler."""

import base64
import hashlib
import json
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import pytest
import yaml
from infra.openapi import document as openapi
from jsonschema import Draft202012Validator, FormatChecker  # type: ignore[import-untyped]
from openapi_spec_validator import OpenAPIV31SpecValidator

from intake.handlers import http
from intake.model.error_codes import LEAVES, StoreDenied, StoreFailed
from intake.model.file import File
from intake.model.manifest import MAX_DOCUMENT_BYTES
from intake.model.problem import ManifestEntry, Problem
from support.fake_ports import FakeStore
from support.handler_fakes import HandlerFakes, install_fakes
from support.lambda_context import Context
from support.sample_images import picture

CONTRACT: dict[str, Any] = yaml.safe_load(openapi.PATH.read_text())
GOOD, GONE = "https://a.example/1.png?X-Amz-Signature=secret", "https://a.example/gone.png"


def bodies(found: object) -> Iterator[dict[str, Any]]:
    """Every media type object of the contract, of requests and responses."""
    if isinstance(found, dict):
        for key, value in found.items():
            yield from value.values() if key == "content" else bodies(value)


def schema_errors(schema: dict[str, Any], instance: object) -> list[str]:
    validator = Draft202012Validator({**schema, "components": CONTRACT["components"]}, format_checker=FormatChecker())
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(instance)]


def test_file_is_what_make_openapi_generates() -> None:
    assert openapi.PATH.read_text() == openapi.render()


def test_contract_is_valid_openapi() -> None:
    assert list(OpenAPIV31SpecValidator(CONTRACT).iter_errors()) == []


def test_every_example_is_valid_against_its_schema() -> None:
    count = 0
    for body in bodies(CONTRACT["paths"]):
        examples = [example["value"] for example in body.get("examples", {}).values()] or [body["example"]]
        for example in examples:
            assert schema_errors(body["schema"], example) == []
            count += 1
    assert count == 19


def test_request_examples_are_files() -> None:
    content = CONTRACT["paths"]["/files"]["post"]["requestBody"]["content"]["application/json"]
    assert [len(File.parse(example["value"]).images) for example in content["examples"].values()] == [3, 2, 1]


def test_every_error_code_is_documented_with_its_class() -> None:
    code = CONTRACT["components"]["schemas"]["ErrorEntry"]["properties"]["code"]
    assert code["enum"] == [leaf.code for leaf in LEAVES]
    for leaf in LEAVES:
        assert f"{leaf.code} ({leaf.error_class})" in code["description"]


def test_every_operation_requires_a_signature() -> None:
    assert CONTRACT["security"] == [{"sigv4": []}]
    assert CONTRACT["components"]["securitySchemes"]["sigv4"]["x-amazon-apigateway-authtype"] == "awsSigv4"
    assert not any("security" in operation for path in CONTRACT["paths"].values() for operation in path.values())


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch) -> Iterator[HandlerFakes]:
    """The real handler and service, with fake ports."""
    with install_fakes(monkeypatch) as fakes:
        fakes.downloader.results = {GOOD: picture(8, 8, 1, "png")}
        yield fakes


@pytest.fixture
def store(fakes: HandlerFakes) -> FakeStore:
    return fakes.store


def call(method: str, path: str, body: str | None = None, **members: object) -> dict[str, Any]:
    event = {"httpMethod": method, "path": path, "headers": {}, "requestContext": {"stage": "v1"}, "body": body}
    return http.handler({**event, **members}, Context(seconds=10))


def check(expected: int, operation: dict[str, Any], response: dict[str, Any]) -> Any:
    """Check the status and the schema of a response, and return its body."""
    assert response["statusCode"] == expected, response["body"]
    [content_type] = response["multiValueHeaders"]["Content-Type"]
    body = json.loads(response["body"])
    assert schema_errors(operation["responses"][str(expected)]["content"][content_type]["schema"], body) == []
    return body


POST, GET = CONTRACT["paths"]["/files"]["post"], CONTRACT["paths"]["/files/{id}"]["get"]


@pytest.mark.parametrize(("expected", "urls"), [(200, [GOOD]), (207, [GOOD, GONE]), (502, [GONE, "", "ftp://x"])])
def test_response_to_a_file_is_a_receipt(expected: int, urls: list[str], store: FakeStore) -> None:
    receipt = check(expected, POST, call("POST", "/files", json.dumps({"id": "lot-7", "urls": urls})))
    assert [image["url"] for image in receipt["images"]] == urls
    stored = check(200, GET, call("GET", "/files/lot-7"))
    assert stored == json.loads(store.objects["receipts/lot-7.json"])
    assert stored["objectKeys"] == receipt["objectKeys"]


def test_base64_body_is_decoded(store: FakeStore) -> None:
    body = base64.b64encode(json.dumps({"urls": [GOOD]}).encode()).decode()
    check(200, POST, call("POST", "/files", body, isBase64Encoded=True))
    assert len(store.objects) == 2


@pytest.mark.parametrize(
    ("error", "status"), [(StoreFailed(), 502), (StoreDenied(), 502), (ZeroDivisionError("secret"), 500)]
)
def test_post_succeeds_and_get_is_a_problem_when_receipts_cannot_be_accessed(
    store: FakeStore, error: Exception, status: int
) -> None:
    store.failures["receipts/"] = error
    assert check(200, POST, call("POST", "/files", json.dumps({"urls": [GOOD]})))["receiptKey"] is None
    assert "secret" not in json.dumps(check(status, GET, call("GET", "/files/lot-7")))


@pytest.mark.parametrize(
    ("expected", "body"),
    [
        (400, None),
        (400, ""),
        (400, "{"),
        (400, '{"urls": [NaN]}'),
        (400, "\ud800"),
        (400, "[" * 100_000),
        (413, '{"urls": ["' + "x" * MAX_DOCUMENT_BYTES + '"]}'),
        (422, "[]"),
        (422, '{"id": "../x", "urls": [1, {}]}'),
        (422, json.dumps({"fileUrl": GOOD, "baseUrls": [[GOOD]] * 101})),
        (422, json.dumps({"urls": [1] * 100_000})),
    ],
)
def test_response_to_an_invalid_file_is_a_problem(expected: int, body: str | None, store: FakeStore) -> None:
    problem = check(expected, POST, call("POST", "/files", body))
    assert problem["status"] == expected
    assert bool(problem["errors"]) is (expected != 413)
    assert store.objects == {}


def test_response_to_invalid_base64_is_a_problem(store: FakeStore) -> None:
    check(400, POST, call("POST", "/files", "!", isBase64Encoded=True))
    assert store.objects == {}


@pytest.mark.parametrize("name", ["lot-8", "..", "a%0A", "a\n", "x" * 129])
def test_response_for_an_unknown_id_is_a_problem(name: str, store: FakeStore) -> None:
    store.objects["receipts/a\n.json"] = b"{}"
    check(404, GET, call("GET", f"/files/{name}"))


def test_asynchronous_file_is_pending_until_a_result_is_stored(fakes: HandlerFakes) -> None:
    document = json.dumps({"id": "lot-7", "urls": [GOOD]})
    check(202, POST, response := call("POST", "/files", document, headers={"Prefer": "respond-async"}))
    assert POST["responses"]["202"]["headers"].keys() <= response["multiValueHeaders"].keys()
    check(202, GET, call("GET", "/files/lot-7"))
    version = hashlib.sha256(document.encode()).hexdigest()  # the fake inbox's
    for status in (HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.REQUEST_ENTITY_TOO_LARGE):
        manifest = ManifestEntry(key="inbox/lot-7.json", etag=version)
        fakes.store.objects["problems/lot-7.json"] = Problem.of(status, "no File", manifest=manifest).to_json()
        check(status, GET, call("GET", "/files/lot-7"))


def test_response_is_a_problem_when_the_inbox_fails(fakes: HandlerFakes) -> None:
    fakes.inbox.failure = StoreFailed()
    document = json.dumps({"id": "lot-7", "urls": [GOOD]})

    check(502, POST, call("POST", "/files", document, headers={"Prefer": "respond-async"}))
