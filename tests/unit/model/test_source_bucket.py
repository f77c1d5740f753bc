"""`SourceBucket`: one bucket of SOURCE_BUCKETS."""

import re

import pytest

from intake.model.source_bucket import SourceBucket


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        (SourceBucket("my-photos"), "my-photos"),
        (SourceBucket("my.photos", "eu-central-1"), "my.photos@eu-central-1"),
        (SourceBucket("abc", "us-gov-west-1"), "abc@us-gov-west-1"),
        (SourceBucket("abc", "eusc-de-east-1"), "abc@eusc-de-east-1"),
    ],
)
def test_bucket_has_a_name_and_perhaps_a_region(expected: SourceBucket, text: str) -> None:
    assert SourceBucket.parse(text) == expected
    assert (str(expected), expected.origin) == (text, f"s3://{expected.name}")


@pytest.mark.parametrize(
    "text",
    ["@", "ab", "my-photos@", "my-photos@mars", "my-photos@eu-central-1@x", "@eu-central-1", "s3://my-photos", "*"],
)
def test_text_is_refused_when_it_is_no_bucket(text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(text)):
        SourceBucket.parse(text)
