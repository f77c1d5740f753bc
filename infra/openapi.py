"""`python -m infra.openapi`: write infra/openapi.yaml, the published contract of the HTTPS door.

The schemas come from the models that the service itself parses and answers with; only the words around them stand
here. A test fails when the file and this do not say the same.
"""

from http import HTTPStatus
from typing import Any

import yaml
from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import core_schema

from infra import openapi_examples as example
from infra.template import ROOT
from intake.ingest.manifest_service import TOO_MANY_FILES
from intake.model.errors import LEAVES
from intake.model.file import FILE_JSON_SCHEMA, ID_PATTERN, Fault
from intake.model.manifest import MAX_DOCUMENT_BYTES
from intake.model.problem import ManifestEntry, Problem
from intake.model.receipt import Pending, Receipt

PATH = ROOT / "infra" / "openapi.yaml"
REFERENCE = "#/components/schemas/{model}"
_NOTE = "# Written by `make openapi` from the models of the service. Do not edit.\n"
_ABOUT = (
    "A File of image URLs in; every image downloaded, verified whole and stored in S3 exactly once; a receipt out, "
    "with object keys in the order of the request and, for every image that failed, a code that a program can act on."
)
_NO_STORE = "The service could not use S3"
_GATEWAY: dict[str, Any] = {
    "403": {"description": "API Gateway: the call is not signed, or not allowed."},
    "429": {"description": "API Gateway: too many calls; try again later."},
}


class _Schema(GenerateJsonSchema):
    """Every member of an answer is there unless it says otherwise, and a member's name is its title."""

    def field_is_required(
        self,
        field: core_schema.ModelField | core_schema.DataclassField | core_schema.TypedDictField,
        total: bool,  # noqa: FBT001 - the signature is pydantic's
    ) -> bool:
        if self.mode == "serialization":
            return "serialization_exclude_if" not in field
        return super().field_is_required(field, total)

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ANN401 - the signature is pydantic's
        del schema
        return False


def document() -> dict[str, Any]:
    """The contract as an OpenAPI 3.1 document."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "image-intake",
            "version": "1",
            "description": _ABOUT,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [_server()],
        "security": [{"sigv4": []}],
        "paths": {"/files": {"post": _post()}, "/files/{id}": {"get": _get()}},
        "components": {
            "schemas": _schemas(),
            "securitySchemes": {
                "sigv4": {
                    "type": "apiKey",
                    "name": "Authorization",
                    "in": "header",
                    "description": "AWS Signature Version 4 for the service execute-api.",
                    "x-amazon-apigateway-authtype": "awsSigv4",
                }
            },
        },
    }


def rendered() -> str:
    """The document as it stands in the file."""
    return _NOTE + yaml.dump(document(), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)


class _Dumper(yaml.SafeDumper):
    """Writes what occurs twice twice: anchors are for machines."""

    def ignore_aliases(self, data: object) -> bool:
        del data
        return True


def _server() -> dict[str, Any]:
    return {
        "url": "https://{apiId}.execute-api.{region}.amazonaws.com/v1",
        "description": "The output ApiUrl of a deployed stack.",
        "variables": {"apiId": {"default": "api"}, "region": {"default": "us-east-1"}},
    }


def _schemas() -> dict[str, Any]:
    places, definitions = TypeAdapter.json_schemas(
        [
            ("File", "validation", FILE_JSON_SCHEMA),
            ("Receipt", "serialization", TypeAdapter(Receipt)),
            ("Pending", "serialization", TypeAdapter(Pending)),
            ("Problem", "serialization", TypeAdapter(Problem)),
        ],
        ref_template=REFERENCE,
        schema_generator=_Schema,
    )
    schemas: dict[str, Any] = dict(sorted(definitions["$defs"].items()))
    schemas["ErrorEntry"]["properties"]["code"]["description"] = "Each has one class: " + ", ".join(
        f"{leaf.code} ({leaf.error_class})" for leaf in LEAVES
    )
    return {"File": places["File", "validation"], **schemas}


def _post() -> dict[str, Any]:
    faults = example.faults()
    too_large = f"The body has more than {MAX_DOCUMENT_BYTES} bytes."
    return {
        "operationId": "takeIn",
        "summary": "Take a File, or a URL list, in.",
        "description": (
            "Answers when every image is stored or has failed, always before the gateway's 29 seconds; "
            "with `Prefer: respond-async` at once, and the File goes through the inbox."
        ),
        "parameters": [
            {
                "name": "Prefer",
                "in": "header",
                "required": False,
                "description": "RFC 7240: `respond-async` for an answer that does not wait for the images.",
                "schema": {"type": "string"},
                "example": "respond-async",
            }
        ],
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": _ref("File"),
                    "examples": {"file": {"value": example.FILE}, "urlList": {"value": example.URL_LIST}},
                }
            },
        },
        "responses": {
            "200": _answer("All images are stored.", example.STORED),
            "202": _pending("The File is in the inbox.", "Preference-Applied"),
            "207": _answer("Some images are stored.", example.PARTIAL),
            "400": _refusal("The body is not JSON.", HTTPStatus.BAD_REQUEST, Fault("", "expected value at line 1")),
            "413": _refusal(too_large, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
            "422": _refusal("This is not a valid File.", HTTPStatus.UNPROCESSABLE_ENTITY, *faults),
            "500": _failure("Internal error", HTTPStatus.INTERNAL_SERVER_ERROR),
            "502": _answer_or_failure("No image is stored.", example.FAILED, _NO_STORE, HTTPStatus.BAD_GATEWAY),
            **_GATEWAY,
        },
    }


def _get() -> dict[str, Any]:
    return {
        "operationId": "getReceipt",
        "summary": "Get the receipt of a File.",
        "description": (
            "The last receipt of this id; its URLs have no query strings. Without a receipt: whether a manifest of "
            "this name waits in the inbox, or the problem of a manifest of this name."
        ),
        "parameters": [
            {
                "name": "id",
                "in": "path",
                "required": True,
                "description": "The id of the File, as the receipt has it.",
                "schema": {"type": "string", "pattern": ID_PATTERN},
                "example": example.FILE["id"],
            }
        ],
        "responses": {
            "200": _answer("The receipt.", example.PARTIAL),
            "202": _pending("The manifest of this name is in the inbox, and has neither a receipt nor a problem yet."),
            "404": _refusal("There is no receipt of this File.", HTTPStatus.NOT_FOUND),
            "413": _refusal(TOO_MANY_FILES, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, manifest=example.MANIFEST),
            "422": _refusal(
                "The manifest is not a valid File.",
                HTTPStatus.UNPROCESSABLE_ENTITY,
                *example.faults(),
                manifest=example.MANIFEST,
            ),
            "500": _failure("Internal error", HTTPStatus.INTERNAL_SERVER_ERROR),
            "502": _failure(_NO_STORE, HTTPStatus.BAD_GATEWAY),
            **_GATEWAY,
        },
    }


def _answer(description: str, receipt: dict[str, Any]) -> dict[str, Any]:
    content = {"application/json": {"schema": _ref("Receipt"), "example": receipt}}
    return {"description": description, "content": content}


def _pending(description: str, *headers: str) -> dict[str, Any]:
    content = {"application/json": {"schema": _ref("Pending"), "example": example.PENDING}}
    named = {name: {"schema": {"type": "string"}} for name in ("Location", "Retry-After", *headers)}
    return {"description": description, "headers": named, "content": content}


def _refusal(detail: str, status: HTTPStatus, *errors: Fault, manifest: ManifestEntry | None = None) -> dict[str, Any]:
    document = example.problem(status, detail, *errors, manifest=manifest)
    content = {"application/problem+json": {"schema": _ref("Problem"), "example": document}}
    return {"description": detail, "content": content}


def _failure(fault: str, status: HTTPStatus) -> dict[str, Any]:
    """A problem that refers to the service log."""
    refusal = _refusal(f"{fault}; see the service log (request id {example.REQUEST_ID}).", status)
    return {"description": f"{fault}; see the service log.", "content": refusal["content"]}


def _answer_or_failure(description: str, receipt: dict[str, Any], fault: str, status: HTTPStatus) -> dict[str, Any]:
    answer, failure = _answer(description, receipt), _failure(fault, status)
    described = f"{description} As a problem: {failure['description']}"
    return {"description": described, "content": answer["content"] | failure["content"]}


def _ref(model: str) -> dict[str, str]:
    return {"$ref": REFERENCE.format(model=model)}


if __name__ == "__main__":
    PATH.write_text(rendered())
