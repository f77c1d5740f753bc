"""Schemathesis for infra/openapi.yaml: it generates valid and invalid requests, and checks each response."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import schemathesis
import yaml
from infra.openapi import document as openapi
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema
from schemathesis.specs.openapi.schemas import OpenApiSchema

# All checks are on. A File without a stored image gets 502 and a receipt, so 502 is not a fault; 500 is. Signatures are
# not generated as parameters: the check "ignored_auth" makes them invalid.
SETTINGS = """
seed = 1
continue-on-failure = true

[generation]
database = "none"
deterministic = true
max-examples = {examples}
with-security-parameters = false

[phases.stateful.generation]
max-examples = {runs}

[checks.not_a_server_error]
expected-statuses = ["2xx", "4xx", 502]
"""


@dataclass
class FuzzResult:
    """The result of a run.

    Attributes:
        responses: the number of responses, by method and status.
        checks: the number of times that each check ran.
        faults: a description of each violation of the contract.
    """

    responses: Counter[tuple[str, int]] = field(default_factory=Counter)
    checks: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)


def load_contract(*, examples: int, runs: int) -> OpenApiSchema:
    """Load the published contract.

    Args:
        examples: random requests for each operation, in addition to those that cover each part of its schema.
        runs: chains of requests, in which one request uses the response to another.
    """
    settings = SchemathesisConfig.from_str(SETTINGS.format(examples=examples, runs=runs))
    return schemathesis.openapi.from_dict(yaml.safe_load(openapi.PATH.read_text()), config=settings)


def replace_urls(schema: OpenApiSchema, replace: Callable[[str], str]) -> None:
    """Replace the URLs in generated Files; the documents stay as valid or invalid as they were."""

    def item(value: Any) -> Any:
        match value:
            case str():
                return replace(value)
            case {"url": str(url)}:
                return {**value, "url": replace(url)}
            case [str(url), *rest]:
                return [replace(url), *rest]
            case _:
                return value

    @schema.hook
    def map_body(context: object, body: Any) -> Any:
        del context
        if not isinstance(body, dict):
            return body
        changed = dict(body)
        if "fileUrl" in body:
            changed["fileUrl"] = item(body["fileUrl"])
        for member in {"baseUrls", "urls"} & body.keys():
            if isinstance(body[member], list):
                changed[member] = [item(value) for value in body[member]]
        return changed


def fuzz(schema: OpenApiSchema) -> FuzzResult:
    """Send the generated requests, and check every response."""
    result = FuzzResult()
    for event in from_schema(schema).execute():
        match event:
            case events.ScenarioFinished(recorder=recorder):
                for interaction in recorder.interactions.values():
                    status = interaction.response.status_code if interaction.response else 0
                    result.responses[interaction.request.method, status] += 1
                for check in (check for checks in recorder.checks.values() for check in checks):
                    result.checks[check.name] += 1
                    if (found := check.failure_info) is not None:
                        result.faults.append(f"{found.failure.title}: {found.failure.message}\n{found.code_sample}")
            case events.NonFatalError(value=error):
                result.faults.append(f"{type(error).__name__}: {error}")
            case events.FatalError(exception=exception):
                raise exception
    return result
