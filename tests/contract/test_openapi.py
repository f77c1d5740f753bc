"""infra/openapi.yaml is the contract: valid, made from the models, and what the door really answers."""

import base64
import hashlib
import json
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import pytest
import yaml
from infra import openapi
from jsonschema import Draft202012Validator, FormatChecker  # type: ignore[import-untyped]
from openapi_spec_validator import OpenAPIV31SpecValidator

from intake.handlers import http
from intake.model.errors import LEAVES, StoreDenied, StoreFailed
from intake.model.file import File
from intake.model.manifest import MAX_DOCUMENT_BYTES
from intake.model.problem import ManifestEntry, Problem
from support.fakes import FakeStore
from support.handler_fakes import HandlerFakes, install_fakes
from support.lambda_context import Context
from support.sample_images import picture

CONTRACT: dict[str, Any] = yaml.safe_load(openapi.PATH.read_text())
GOOD, GONE = "https://a.example/1.png?X-Amz-Signature=secret", "https://a.example/gone.png"


def bodies(found: object) -> Iterator[dict[str, Any]]:
    """Every media type object of the contract, of requests and of answers."""
    if isinstance(found, dict):
        for key, value in found.items():
            yield from value.values() if key == "content" else bodies(value)


def complaints(schema: dict[str, Any], instance: object) -> list[str]:
    validator = Draft202012Validator({**schema, "components": CONTRACT["components"]}, format_checker=FormatChecker())
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(instance)]


def test_the_file_says_what_the_models_say() -> None:
    """Where they differ: make openapi."""
    assert openapi.PATH.read_text() == openapi.rendered()


def test_it_is_valid_openapi() -> None:
    assert list(OpenAPIV31SpecValidator(CONTRACT).iter_errors()) == []


def test_every_example_is_valid_against_its_schema() -> None:
    examined = 0
    for body in bodies(CONTRACT["paths"]):
        examples = [example["value"] for example in body.get("examples", {}).values()] or [body["example"]]
        for example in examples:
            assert complaints(body["schema"], example) == []
            examined += 1
    assert examined == 18


def test_the_examples_of_requests_are_files() -> None:
    content = CONTRACT["paths"]["/files"]["post"]["requestBody"]["content"]["application/json"]
    assert [len(File.parse(example["value"]).images) for example in content["examples"].values()] == [3, 2]


def test_every_error_code_stands_in_it_with_its_class() -> None:
    code = CONTRACT["components"]["schemas"]["ErrorEntry"]["properties"]["code"]
    assert code["enum"] == [leaf.code for leaf in LEAVES]
    for leaf in LEAVES:
        assert f"{leaf.code} ({leaf.error_class})" in code["description"]


def test_every_call_is_signed() -> None:
    assert CONTRACT["security"] == [{"sigv4": []}]
    assert CONTRACT["components"]["securitySchemes"]["sigv4"]["x-amazon-apigateway-authtype"] == "awsSigv4"
    assert not any("security" in operation for path in CONTRACT["paths"].values() for operation in path.values())


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch) -> Iterator[HandlerFakes]:
    """A door that is the real one, its service the real one, and only the ports are fakes."""
    with install_fakes(monkeypatch) as fakes:
        fakes.downloader.results = {GOOD: picture(8, 8, 1, "png")}
        yield fakes


@pytest.fixture
def store(fakes: HandlerFakes) -> FakeStore:
    return fakes.store


def ask(method: str, path: str, body: str | None = None, **members: object) -> dict[str, Any]:
    event = {"httpMethod": method, "path": path, "headers": {}, "requestContext": {"stage": "v1"}, "body": body}
    return http.handler({**event, **members}, Context(seconds=10))


def check(expected: int, operation: dict[str, Any], answer: dict[str, Any]) -> Any:
    """Hold an answer against the contract, and return its body."""
    assert answer["statusCode"] == expected, answer["body"]
    [content_type] = answer["multiValueHeaders"]["Content-Type"]
    body = json.loads(answer["body"])
    assert complaints(operation["responses"][str(expected)]["content"][content_type]["schema"], body) == []
    return body


POST, GET = CONTRACT["paths"]["/files"]["post"], CONTRACT["paths"]["/files/{id}"]["get"]


@pytest.mark.parametrize(("expected", "urls"), [(200, [GOOD]), (207, [GOOD, GONE]), (502, [GONE, "", "ftp://x"])])
def test_a_file_is_answered_with_a_receipt_of_the_contract(expected: int, urls: list[str], store: FakeStore) -> None:
    answered = check(expected, POST, ask("POST", "/files", json.dumps({"id": "lot-7", "urls": urls})))
    assert [image["url"] for image in answered["images"]] == urls
    kept = check(200, GET, ask("GET", "/files/lot-7"))
    assert kept == json.loads(store.objects["receipts/lot-7.json"])
    assert kept["objectKeys"] == answered["objectKeys"]


def test_a_body_in_base64_is_read(store: FakeStore) -> None:
    body = base64.b64encode(json.dumps({"urls": [GOOD]}).encode()).decode()
    check(200, POST, ask("POST", "/files", body, isBase64Encoded=True))
    assert len(store.objects) == 2


@pytest.mark.parametrize("error", [StoreFailed(), StoreDenied()])
def test_a_receipt_that_cannot_be_stored_does_not_take_the_answer_away(store: FakeStore, error: Exception) -> None:
    store.failures["receipts/"] = error
    assert check(200, POST, ask("POST", "/files", json.dumps({"urls": [GOOD]})))["receiptKey"] is None
    check(502, GET, ask("GET", "/files/lot-7"))


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
def test_what_is_no_file_is_a_problem_of_the_contract(expected: int, body: str | None, store: FakeStore) -> None:
    problem = check(expected, POST, ask("POST", "/files", body))
    assert problem["status"] == expected
    assert bool(problem["errors"]) is (expected != 413)
    assert store.objects == {}


def test_a_body_that_is_not_base64_is_a_problem(store: FakeStore) -> None:
    check(400, POST, ask("POST", "/files", "!", isBase64Encoded=True))
    assert store.objects == {}


@pytest.mark.parametrize("name", ["lot-8", "..", "a%0A", "a\n", "x" * 129])
def test_a_receipt_that_is_not_there_is_a_problem_of_the_contract(name: str, store: FakeStore) -> None:
    store.objects["receipts/a\n.json"] = b"{}"
    check(404, GET, ask("GET", f"/files/{name}"))


def test_a_bug_is_a_problem_of_the_contract(store: FakeStore) -> None:
    store.failures["receipts/"] = ZeroDivisionError("secret")
    assert "secret" not in json.dumps(check(500, GET, ask("GET", "/files/lot-7")))


def test_a_bug_while_the_receipt_is_stored_does_not_take_the_answer_away(store: FakeStore) -> None:
    store.failures["receipts/"] = ZeroDivisionError("secret")
    assert check(200, POST, ask("POST", "/files", json.dumps({"urls": [GOOD]})))["receiptKey"] is None


def test_a_file_that_may_wait_is_answered_as_pending_until_its_receipt_is_there(fakes: HandlerFakes) -> None:
    document = json.dumps({"id": "lot-7", "urls": [GOOD]})
    check(202, POST, answer := ask("POST", "/files", document, headers={"Prefer": "respond-async"}))
    assert POST["responses"]["202"]["headers"].keys() <= answer["multiValueHeaders"].keys()
    check(202, GET, ask("GET", "/files/lot-7"))
    version = hashlib.sha256(document.encode()).hexdigest()  # the fake inbox's
    for status in (HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.REQUEST_ENTITY_TOO_LARGE):
        manifest = ManifestEntry(key="inbox/lot-7.json", etag=version)
        fakes.store.objects["problems/lot-7.json"] = Problem.of(status, "no File", manifest=manifest).to_json()
        check(status, GET, ask("GET", "/files/lot-7"))


def test_a_file_that_cannot_be_put_into_the_inbox_is_a_problem_of_the_contract(fakes: HandlerFakes) -> None:
    fakes.inbox.failure = StoreFailed()
    document = json.dumps({"id": "lot-7", "urls": [GOOD]})

    check(502, POST, ask("POST", "/files", document, headers={"Prefer": "respond-async"}))
