"""`Config` names settings that are valid alone, and not together."""

import pytest

from intake.settings.config import Config, ConfigError

SECRET = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:image-hosts-AbC123"


@pytest.mark.parametrize(
    ("fault", "environment"),
    [
        (
            "SOURCE_SECRET_ARN is missing: expected SOURCE_HOSTS and SOURCE_SECRET_ARN together, or neither",
            {"SOURCE_HOSTS": "a.example"},
        ),
        (
            "SOURCE_HOSTS is missing: expected SOURCE_HOSTS and SOURCE_SECRET_ARN together, or neither",
            {"SOURCE_SECRET_ARN": SECRET},
        ),
        (
            "INBOX_BUCKET: expected a bucket other than IMAGE_BUCKET, so that stored objects start no function",
            {"INBOX_BUCKET": "images-bucket"},
        ),
        (
            "SOURCE_BUCKETS: expected buckets other than IMAGE_BUCKET and INBOX_BUCKET, got 'images-bucket'",
            {"SOURCE_BUCKETS": "abc,images-bucket@eu-west-1"},
        ),
        (
            "SOURCE_BUCKETS: expected buckets other than IMAGE_BUCKET and INBOX_BUCKET, got 'the-inbox'",
            {"SOURCE_BUCKETS": "the-inbox", "INBOX_BUCKET": "the-inbox"},
        ),
        (
            "MIN_IMAGE_PIXELS: expected at most MAX_IMAGE_PIXELS, 99, got 100",
            {"MIN_IMAGE_PIXELS": "100", "MAX_IMAGE_PIXELS": "99"},
        ),
        (
            "MEMORY_BUDGET_BYTES: expected at most the function's memory, 268435456, got 999999999",
            {"MEMORY_BUDGET_BYTES": "999999999", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256"},
        ),
        (
            "MAX_IMAGE_BYTES: expected at most half of the function's memory, 268435456, got 300000000",
            {"MAX_IMAGE_BYTES": "300000000", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512"},
        ),
    ],
)
def test_config_names_settings_that_contradict_each_other(fault: str, environment: dict[str, str]) -> None:
    with pytest.raises(ConfigError) as refused:
        Config.from_environment({"IMAGE_BUCKET": "images-bucket"} | environment)
    assert refused.value.faults == [fault]
