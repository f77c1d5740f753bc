"""The check of ExistingImageBucket before `make deploy` builds, against an S3 on loopback."""

import pytest
from infra.deploy.account import Account
from infra.deploy.image_bucket import ImageBucketError, check_image_bucket

from support.aws_stand_in import aws_stand_in

ACCOUNT = Account("123456789012", "eu-central-1", "arn:aws:iam::123456789012:user/ops")


def check(environment: pytest.MonkeyPatch, status: int, region: str) -> str | None:
    with aws_stand_in(status, headers={"x-amz-bucket-region": region} if region else {}) as url:
        environment.setenv("AWS_ENDPOINT_URL_S3", url)
        return check_image_bucket(ACCOUNT, {"ExistingImageBucket": "my-images"})


@pytest.mark.parametrize(
    ("status", "region", "said"),
    [
        (404, "", "ExistingImageBucket=my-images: there is no such bucket."),
        (200, "us-east-1", "expected a bucket in eu-central-1, the region of the stack; it is in us-east-1."),
        (403, "us-east-1", "expected a bucket in eu-central-1, the region of the stack; it is in us-east-1."),
    ],
)
def test_bucket_is_refused_when_it_is_missing_or_in_another_region(
    environment: pytest.MonkeyPatch, status: int, region: str, said: str
) -> None:
    with pytest.raises(ImageBucketError) as refused:
        check(environment, status, region)
    assert said in str(refused.value)


def test_bucket_is_accepted_when_it_is_in_the_region_of_the_stack(environment: pytest.MonkeyPatch) -> None:
    assert check(environment, 200, "eu-central-1") is None


def test_warning_says_that_a_bucket_may_belong_to_another_account(environment: pytest.MonkeyPatch) -> None:
    """Its policy may also keep the caller from listing it, so it is no error."""
    warning = check(environment, 403, "eu-central-1")
    assert warning
    assert warning.startswith("Warning: AWS does not show the bucket my-images to you (status 403).")

    environment.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1")
    assert check_image_bucket(ACCOUNT, {"ExistingImageBucket": "my-images"})


def test_s3_is_not_asked_without_the_parameter() -> None:
    assert check_image_bucket(ACCOUNT, {}) is None
    assert check_image_bucket(ACCOUNT, {"ExistingImageBucket": ""}) is None
