"""The tree of errors: codes, classes and messages."""

import re

import pytest

from intake.model import error_codes
from intake.model.error_codes import (
    LEAVES,
    Blocked,
    ErrorClass,
    HttpServerError,
    IntakeError,
    NotFound,
    StoreFailed,
    Throttled,
)

CONTRACT = {
    "permanent": "invalid_url too_many_redirects bad_redirect not_found access_denied http_client_error "
    "unexpected_status invalid_image corrupt_image checksum_mismatch store_denied",
    "policy": "blocked opted_out too_large too_many_pixels too_few_pixels too_many_frames unsupported_type "
    "unsupported_encoding",
    "transient": "dns_failure connect_failed tls_failed timeout connection_lost bad_response throttled "
    "http_server_error incomplete_body empty_body not_ready cooling_down credentials_unavailable store_failed "
    "deadline_exceeded",
    "internal": "internal_error",
}
EXPECTED = {code: error_class for error_class, codes in CONTRACT.items() for code in codes.split()}

each_leaf = pytest.mark.parametrize("leaf", LEAVES, ids=[leaf.code for leaf in LEAVES])


def _new(leaf: type[IntakeError]) -> IntakeError:
    return Blocked(reason="inside") if leaf is Blocked else leaf()


def test_codes_and_classes_are_those_of_the_contract() -> None:
    assert {leaf.code: leaf.error_class.value for leaf in LEAVES} == EXPECTED
    assert len(LEAVES) == len(EXPECTED)


@each_leaf
def test_code_is_the_name_of_its_class(leaf: type[IntakeError]) -> None:
    assert "".join(word.capitalize() for word in leaf.code.split("_")) == leaf.__name__


@each_leaf
def test_default_message_is_one_sentence(leaf: type[IntakeError]) -> None:
    error = _new(leaf)
    assert error.message == str(error) == leaf.default_message
    assert error.message[0].isupper()
    assert error.message.endswith(".")
    assert error.message.count(". ") == 0


@each_leaf
def test_error_is_retryable_when_transient(leaf: type[IntakeError]) -> None:
    assert _new(leaf).retryable is (leaf.error_class is ErrorClass.TRANSIENT)


def test_message_does_not_contain_the_reason() -> None:
    error = StoreFailed(reason="S3 answered 503 SlowDown")
    assert error.reason == "S3 answered 503 SlowDown"
    assert str(error) == StoreFailed.default_message


def test_blocked_has_one_message_for_every_reason() -> None:
    """Otherwise callers could scan internal networks."""
    assert str(Blocked(reason="10.0.0.1: private use")) == str(Blocked(reason="port 22"))


def test_message_replaces_the_default_message() -> None:
    assert NotFound("The origin answered 410.").message == "The origin answered 410."


def test_error_has_the_retry_after_of_the_origin() -> None:
    assert Throttled(retry_after=2.5).retry_after == 2.5
    assert Throttled().retry_after is StoreFailed().retry_after is None
    failure = HttpServerError("The origin answered 503.", status=503, retry_after=1.0)
    assert (failure.status, failure.retry_after) == (503, 1.0)


def test_tree_of_the_docstring_has_every_error() -> None:
    drawn = set(re.findall(r"[A-Z][A-Za-z]+", str(error_codes.__doc__)))
    assert {leaf.__name__ for leaf in LEAVES} <= drawn
