"""The complete list of permissions that each IAM role of the template must have.

A permission is written "action resource", and " if condition" where it has one.
"""

RUNS = "arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:execution:${StateMachine.Name}/*"
INBOX = "arn:${AWS::Partition}:s3:::image-intake-inbox-${Id}"
STORE = {
    f"s3:{action} ImageBucket/{folder}/*"
    for action in ("GetObject", "PutObject")
    for folder in ("images", "receipts", "known", "origins")
}


def log_rights(function: str) -> set[str]:
    return {f"logs:CreateLogStream {function}Logs", f"logs:PutLogEvents {function}Logs"}


ROLES: dict[str, set[str]] = {
    "HttpFunctionRole": STORE
    | log_rights("HttpFunction")
    | {"s3:GetObject ImageBucket/problems/*", "s3:ListBucket ImageBucket"}
    | {"s3:PutObject InboxBucket/inbox/*", "s3:GetObject InboxBucket/inbox/*", "s3:ListBucket InboxBucket"},
    "S3FunctionRole": STORE
    | log_rights("S3Function")
    | {"s3:PutObject ImageBucket/problems/*", "sqs:SendMessage FailureQueue"}
    | {f"s3:GetObject {INBOX}/inbox/*", f"s3:ListBucket {INBOX}"},
    "BulkFunctionRole": STORE | log_rights("BulkFunction") | {"s3:PutObject ImageBucket/runs/*"},
    "SummaryFunctionRole": log_rights("SummaryFunction")
    | {
        "s3:GetObject ImageBucket/runs/*",
        "s3:PutObject ImageBucket/runs/*",
        "s3:ListBucket ImageBucket if {'StringLike': {'s3:prefix': 'runs/*'}}",
    },
    "InvokeFunctionRole": STORE | log_rights("InvokeFunction") | {"sqs:SendMessage FailureQueue"},
    "QueueFunctionRole": STORE
    | log_rights("QueueFunction")
    | {"s3:PutObject ImageBucket/problems/*"}
    | {f"sqs:{action} FileQueue" for action in ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")},
    "ListArrivedRole": {"states:StartExecution StateMachine"},
    "StateMachineRole": {
        "lambda:InvokeFunction BulkFunction",
        "lambda:InvokeFunction SummaryFunction",
        "s3:GetObject InboxBucket/bulk/*",
        "s3:PutObject ImageBucket/runs/*",
        "s3:GetObject ImageBucket/runs/*",
        "s3:ListMultipartUploadParts ImageBucket/runs/*",
        "s3:AbortMultipartUpload ImageBucket/runs/*",
        "states:StartExecution StateMachine",
        f"states:DescribeExecution {RUNS}",
        f"states:StopExecution {RUNS}",
        f"states:RedriveExecution {RUNS}",
    },
}

KEY = "arn:aws:kms:eu-central-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef"
KEY_RIGHTS = {f"kms:Decrypt {KEY}", f"kms:GenerateDataKey {KEY}"}
"""What the parameter KmsKeyArn adds to every role that reads or writes."""

MAP_KEY_RIGHTS = {f"kms:Encrypt {KEY}"}
"""What it adds to the role of the state machine too."""

SOURCES = ("my-photos", "my.scans")
SOURCE_KEYS = (KEY, KEY.replace("eu-central-1", "us-west-2"))
SOURCE_RIGHTS = {
    f"s3:{action} arn:${{AWS::Partition}}:s3:::{bucket}/*"
    for action in ("GetObject", "GetObjectVersion")
    for bucket in SOURCES
}
"""What the parameter SourceBuckets adds to every role that downloads images."""

_VIA = [{"Fn::Sub": f"{service}.*.${{AWS::URLSuffix}}"} for service in ("s3", "secretsmanager")]
SOURCE_KEY_RIGHTS = {f"kms:Decrypt {key} if {{'StringLike': {{'kms:ViaService': {_VIA}}}}}" for key in SOURCE_KEYS}
"""What the parameter SourceKmsKeyArns adds to them."""

SECRET = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:image-hosts-AbC123"
SECRET_RIGHTS = {f"secretsmanager:GetSecretValue {SECRET}"}
"""What the parameter SourceSecretArn adds to every role that downloads images."""

NETWORK_RIGHTS = {
    f"ec2:{action} *"
    for action in (
        "CreateNetworkInterface",
        "DescribeNetworkInterfaces",
        "DescribeSubnets",
        "DeleteNetworkInterface",
        "AssignPrivateIpAddresses",
        "UnassignPrivateIpAddresses",
    )
}
"""What the parameter SubnetIds adds to the role of every function."""
