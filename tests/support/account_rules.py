"""What an account with rules of its own has before the stack: a locked bucket, a key, a network, a boundary."""

import json
from collections.abc import Mapping
from typing import Any

from infra.local.ministack import MiniStack

BUCKET = "my-images"
LIFECYCLE = {"Rules": [{"ID": "mine", "Status": "Enabled", "Filter": {"Prefix": "mine/"}, "Expiration": {"Days": 7}}]}
EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}


def prepare_account(aws: MiniStack) -> Mapping[str, str]:
    """Make all of it, and return the parameters that name it; the stack makes neither a dashboard nor alarms."""
    s3, network = aws.client("s3"), aws.client("ec2")
    s3.create_bucket(Bucket=BUCKET, ObjectLockEnabledForBucket=True)  # which enables versions
    retention = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}
    s3.put_object_lock_configuration(
        Bucket=BUCKET, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": retention}
    )
    s3.put_bucket_lifecycle_configuration(Bucket=BUCKET, LifecycleConfiguration=LIFECYCLE)
    boundary = aws.client("iam").create_policy(PolicyName="boundary", PolicyDocument=policy(EVERYTHING))
    return {
        "ExistingImageBucket": BUCKET,
        "KmsKeyArn": aws.client("kms").create_key()["KeyMetadata"]["Arn"],
        "SubnetIds": ",".join(sorted(each["SubnetId"] for each in network.describe_subnets()["Subnets"])[:2]),
        "SecurityGroupIds": network.describe_security_groups()["SecurityGroups"][0]["GroupId"],
        "PermissionsBoundaryArn": boundary["Policy"]["Arn"],
        "ApiAccessLogs": "on",
        "Dashboard": "off",
        "Alarms": "off",
    }


def policy(*statements: Mapping[str, Any]) -> str:
    """Return a policy document as JSON."""
    return json.dumps({"Version": "2012-10-17", "Statement": statements})
