"""Builds the OpenAPI document of the HTTP API, which infra/openapi.yaml publishes.

The schemas come from the models that the service parses and responds with. This module adds the descriptions. A test
fails if infra/openapi.yaml differs from what this module builds.
"""

from http import HTTPStatus
from typing import Any

import yaml
from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import core_schema

from infra.build.template_file import ROOT
from infra.openapi import examples as example
from intake.ingest.manifest_service import TOO_MANY_FILES
from intake.model.error_codes import LEAVES
from intake.model.file import FILE_JSON_SCHEMA, ID_PATTERN, Fault
from intake.model.manifest import MAX_DOCUMENT_BYTES
from intake.model.pending import Pending
from intake.model.problem import ManifestEntry, Problem
from intake.model.receipt import Receipt

PATH = ROOT / "infra" / "openapi.yaml"
REFERENCE = "#/components/schemas/{model}"
_FILE_COMMENT = "# Written by `make openapi` from the models of the service. Do not edit.\n"
_DESCRIPTION = (
    "Downloads every image of a File, verifies that it is complete, and stores it in S3 exactly once. Returns a "
    "receipt: object keys in the order of the request and, for every image that failed, a code for programs."
)
_STORE_FAILED = "The service could not use S3"
_GATEWAY: dict[str, Any] = {
    "403": {"description": "API Gateway: the request is not signed, or not allowed."},
    "429": {"description": "API Gateway: too many requests; try again later."},
}


class _Schema(GenerateJsonSchema):
    """Marks every member of a response as required, unless its model can omit it, and writes no titles."""

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


def build_document() -> dict[str, Any]:
    """Build the document (OpenAPI 3.1)."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "image-intake",
            "version": "1",
            "description": _DESCRIPTION,
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


def render() -> str:
    """Return the text of infra/openapi.yaml."""
    return _FILE_COMMENT + yaml.dump(build_document(), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)


class _Dumper(yaml.SafeDumper):
    """Repeats a value that occurs twice, because YAML anchors are hard to read."""

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
    references, definitions = TypeAdapter.json_schemas(
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
    return {"File": references["File", "validation"], **schemas}


def _post() -> dict[str, Any]:
    return {
        "operationId": "ingestFile",
        "summary": "Ingest a File or a URL list.",
        "description": (
            "Responds when every image is stored or has failed, within API Gateway's time limit of 29 seconds. With "
            "`Prefer: respond-async` it responds at once, and the File is ingested from the inbox."
        ),
        "parameters": [
            {
                "name": "Prefer",
                "in": "header",
                "required": False,
                "description": "RFC 7240: `respond-async` for a response that does not wait for the images.",
                "schema": {"type": "string"},
                "example": "respond-async",
            }
        ],
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": _ref("File"),
                    "examples": {
                        "file": {"value": example.FILE},
                        "urlList": {"value": example.URL_LIST},
                        "notes": {"value": example.NOTED},
                    },
                }
            },
        },
        "responses": _post_responses(),
    }


def _post_responses() -> dict[str, Any]:
    faults = example.find_faults()
    too_large = f"The body has more than {MAX_DOCUMENT_BYTES} bytes."
    return {
        "200": _receipt_response("All images are stored.", example.STORED),
        "202": _pending_response("The File is in the inbox.", "Preference-Applied"),
        "207": _receipt_response("Some images are stored.", example.PARTIAL),
        "400": _problem_response(
            "The body is not JSON.", HTTPStatus.BAD_REQUEST, Fault("", "is not JSON: expected value at line 1 column 1")
        ),
        "413": _problem_response(too_large, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
        "422": _problem_response("This is not a valid File.", HTTPStatus.UNPROCESSABLE_ENTITY, *faults),
        "500": _failure("Internal error", HTTPStatus.INTERNAL_SERVER_ERROR),
        "502": _receipt_or_failure("No image is stored.", example.FAILED, _STORE_FAILED, HTTPStatus.BAD_GATEWAY),
        **_GATEWAY,
    }


def _get() -> dict[str, Any]:
    return {
        "operationId": "getReceipt",
        "summary": "Get the receipt of a File.",
        "description": (
            "The latest receipt with this id; its URLs have no query strings. Without a receipt: whether a manifest of "
            "this name waits in the inbox, or the problem of a manifest of this name."
        ),
        "parameters": [
            {
                "name": "id",
                "in": "path",
                "required": True,
                "description": "The id of the File, as in its receipt.",
                "schema": {"type": "string", "pattern": ID_PATTERN},
                "example": example.FILE["id"],
            }
        ],
        "responses": _get_responses(),
    }


def _get_responses() -> dict[str, Any]:
    return {
        "200": _receipt_response("The receipt.", example.PARTIAL),
        "202": _pending_response(
            "The manifest of this name is in the inbox, and has neither a receipt nor a problem yet."
        ),
        "404": _problem_response("There is no receipt of this File.", HTTPStatus.NOT_FOUND),
        "413": _problem_response(TOO_MANY_FILES, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, manifest=example.MANIFEST),
        "422": _problem_response(
            "The manifest is not a valid File.",
            HTTPStatus.UNPROCESSABLE_ENTITY,
            *example.find_faults(),
            manifest=example.MANIFEST,
        ),
        "500": _failure("Internal error", HTTPStatus.INTERNAL_SERVER_ERROR),
        "502": _failure(_STORE_FAILED, HTTPStatus.BAD_GATEWAY),
        **_GATEWAY,
    }


def _receipt_response(description: str, receipt: dict[str, Any]) -> dict[str, Any]:
    content = {"application/json": {"schema": _ref("Receipt"), "example": receipt}}
    return {"description": description, "content": content}


def _pending_response(description: str, *headers: str) -> dict[str, Any]:
    content = {"application/json": {"schema": _ref("Pending"), "example": example.PENDING}}
    described = {name: {"schema": {"type": "string"}} for name in ("Location", "Retry-After", *headers)}
    return {"description": description, "headers": described, "content": content}


def _problem_response(
    detail: str, status: HTTPStatus, *errors: Fault, manifest: ManifestEntry | None = None
) -> dict[str, Any]:
    document = example.make_problem(status, detail, *errors, manifest=manifest)
    content = {"application/problem+json": {"schema": _ref("Problem"), "example": document}}
    return {"description": detail, "content": content}


def _failure(fault: str, status: HTTPStatus) -> dict[str, Any]:
    """Return the response for a problem that refers to the service log."""
    problem = _problem_response(f"{fault}; see the service log (request id {example.REQUEST_ID}).", status)
    return {"description": f"{fault}; see the service log.", "content": problem["content"]}


def _receipt_or_failure(description: str, receipt: dict[str, Any], fault: str, status: HTTPStatus) -> dict[str, Any]:
    success, failure = _receipt_response(description, receipt), _failure(fault, status)
    described = f"{description} As a problem: {failure['description']}"
    return {"description": described, "content": success["content"] | failure["content"]}


def _ref(model: str) -> dict[str, str]:
    return {"$ref": REFERENCE.format(model=model)}
