"""The tree of errors is the contract's table."""

import pytest

from intake.model.errors import (
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
    "unexpected_status empty_body invalid_image checksum_mismatch store_denied",
    "policy": "blocked too_large too_many_pixels too_many_frames unsupported_type unsupported_encoding",
    "transient": "dns_failure connect_failed tls_failed timeout connection_lost bad_response throttled "
    "http_server_error incomplete_body store_failed deadline_exceeded",
    "internal": "internal_error",
}
EXPECTED = {code: error_class for error_class, codes in CONTRACT.items() for code in codes.split()}

each_leaf = pytest.mark.parametrize("leaf", LEAVES, ids=[leaf.code for leaf in LEAVES])


def _new(leaf: type[IntakeError]) -> IntakeError:
    return Blocked(reason="inside") if leaf is Blocked else leaf()


def test_the_codes_and_their_classes_are_those_of_the_contract() -> None:
    assert {leaf.code: leaf.error_class.value for leaf in LEAVES} == EXPECTED


def test_no_code_is_used_twice() -> None:
    assert len({leaf.code for leaf in LEAVES}) == len(LEAVES)


@each_leaf
def test_every_code_is_the_name_of_its_error(leaf: type[IntakeError]) -> None:
    assert "".join(word.capitalize() for word in leaf.code.split("_")) == leaf.__name__


@each_leaf
def test_every_error_has_one_sentence_for_the_caller(leaf: type[IntakeError]) -> None:
    error = _new(leaf)
    assert error.message == str(error) == leaf.default_message
    assert error.message[0].isupper()
    assert error.message.endswith(".")
    assert error.message.count(". ") == 0


@each_leaf
def test_only_what_is_transient_is_worth_asking_again(leaf: type[IntakeError]) -> None:
    assert _new(leaf).retryable is (leaf.error_class is ErrorClass.TRANSIENT)


def test_a_reason_is_for_the_log_and_never_in_the_message() -> None:
    error = StoreFailed(reason="S3 answered 503 SlowDown")
    assert error.reason == "S3 answered 503 SlowDown"
    assert str(error) == StoreFailed.default_message


def test_what_was_blocked_is_not_told_to_the_caller() -> None:
    """Every refusal reads the same, so that nobody can map what stands inside."""
    assert str(Blocked(reason="10.0.0.1: private use")) == str(Blocked(reason="port 22"))


def test_a_message_of_its_own_takes_the_place_of_the_usual_one() -> None:
    assert NotFound("The origin answered 410.").message == "The origin answered 410."


def test_an_origin_that_asks_for_time_is_heard() -> None:
    assert Throttled(retry_after=2.5).retry_after == 2.5
    assert Throttled().retry_after is None
    failure = HttpServerError("The origin answered 503.", status=503, retry_after=1.0)
    assert (failure.status, failure.retry_after) == (503, 1.0)
