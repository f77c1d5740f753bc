"""A stack in an account with rules of its own (docs/your-account.md): bucket, key, network, boundary, access logs."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from infra.local.deploy_template import STACK, to_json_bytes

from support.account_rules import BUCKET, EVERYTHING, LIFECYCLE, policy, prepare_account
from support.aws_cli import read_commands, run_shell
from support.deployed_lab import Lab, deploy_lab, json_lines, wait_for
from support.file_queue import send


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """A stack of its own: the account differs from that of the other tests."""
    with deploy_lab(prepare_account) as lab:
        yield lab


def parameters(lab: Lab) -> dict[str, str]:
    [stack] = lab.stack.aws.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
    return {each["ParameterKey"]: each["ParameterValue"] for each in stack["Parameters"]}


def resources(lab: Lab) -> dict[str, str]:
    """Return the types of the stack's resources by logical name."""
    pages = lab.stack.aws.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=STACK)
    return {
        each["LogicalResourceId"]: each["ResourceType"] for page in pages for each in page["StackResourceSummaries"]
    }


def update(lab: Lab, **changed: str) -> str:
    """Deploy the same template with other parameters; return the status of the stack."""
    client = lab.stack.aws.client("cloudformation")
    kept = [{"ParameterKey": name, "UsePreviousValue": True} for name in parameters(lab).keys() - changed.keys()]
    given = [{"ParameterKey": name, "ParameterValue": value} for name, value in changed.items()]
    client.update_stack(
        StackName=STACK,
        UsePreviousTemplate=True,
        Parameters=[*kept, *given],
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    )

    def read_status() -> str:
        status: str = client.describe_stacks(StackName=STACK)["Stacks"][0]["StackStatus"]
        return "" if status.endswith("IN_PROGRESS") else status

    return wait_for(read_status)


def versions(lab: Lab, key: str) -> int:
    return len(lab.s3.list_object_versions(Bucket=BUCKET, Prefix=key)["Versions"])


def test_http_stores_image_and_receipt_in_the_existing_bucket(lab: Lab) -> None:
    name = next(iter(lab.pictures))
    response = lab.stack.call("POST", "/files", to_json_bytes({"id": "mine", "urls": [lab.url(name)]}))
    receipt = response.json()

    assert (response.status, receipt["bucket"], receipt["receiptKey"]) == (200, BUCKET, "receipts/mine.json")
    assert lab.read(receipt["objectKeys"][0]) == lab.pictures[name]
    assert lab.stack.call("GET", "/files/mine").json()["objectKeys"] == receipt["objectKeys"]


def test_locked_bucket_has_one_version_of_an_image_and_each_version_of_a_receipt(lab: Lab) -> None:
    file = to_json_bytes({"id": "again", "urls": [lab.url(list(lab.pictures)[1])], "refresh": True})
    first, second = (lab.stack.call("POST", "/files", file).json() for _ in range(2))

    assert [receipt["images"][0]["reused"] for receipt in (first, second)] == [False, True]
    assert versions(lab, first["objectKeys"][0]) == 1
    assert versions(lab, "receipts/again.json") == 2
    retention = lab.s3.get_object_retention(Bucket=BUCKET, Key=first["objectKeys"][0])["Retention"]
    assert retention["Mode"] == "GOVERNANCE"


def test_manifest_is_ingested_into_the_existing_bucket(lab: Lab) -> None:
    lab.put_in_inbox("inbox/manifest.json", to_json_bytes({"id": "manifest", "urls": [lab.url(list(lab.pictures)[2])]}))

    wait_for(lambda: lab.objects("receipts/manifest.json"))
    assert lab.json("receipts/manifest.json")["status"] == "stored"


def test_invocation_and_message_are_ingested_into_the_existing_bucket(lab: Lab) -> None:
    files = [{"id": f"caller-{number}", "urls": [lab.url(list(lab.pictures)[number])]} for number in (0, 1)]
    invoked = json.loads(lab.invoke("InvokeFunction", to_json_bytes(files[0]))["Payload"].read())
    send(lab, files[1])

    assert (invoked["bucket"], invoked["status"]) == (BUCKET, "stored")
    wait_for(lambda: lab.objects("receipts/caller-1.json"))
    assert lab.json("receipts/caller-1.json")["status"] == "stored"


def test_bulk_run_writes_its_results_to_the_existing_bucket(lab: Lab) -> None:
    lab.put_in_inbox(
        f"bulk/{uuid4()}.jsonl", json_lines(*({"urls": [lab.url(name)]} for name in list(lab.pictures)[:3]))
    )

    found = wait_for(lambda: [key for key in lab.objects("runs/") if key.endswith("/summary.json")])
    assert lab.json(found[0])["counts"]["status"] == {"stored": 3}


def test_stack_has_no_image_bucket_and_changes_nothing_of_the_existing_one(lab: Lab) -> None:
    buckets = [name for name, kind in resources(lab).items() if kind.startswith("AWS::S3::")]

    assert sorted(buckets) == ["InboxBucket", "InboxBucketPolicy"]
    assert lab.s3.get_bucket_versioning(Bucket=BUCKET)["Status"] == "Enabled"
    assert lab.s3.get_bucket_lifecycle_configuration(Bucket=BUCKET)["Rules"][0]["ID"] == LIFECYCLE["Rules"][0]["ID"]


def test_every_role_has_the_boundary(lab: Lab) -> None:
    iam = lab.stack.aws.client("iam")
    roles = [iam.get_role(RoleName=each["RoleName"])["Role"] for each in iam.list_roles()["Roles"]]

    assert len(roles) == list(resources(lab).values()).count("AWS::IAM::Role")
    boundaries = {role["PermissionsBoundary"]["PermissionsBoundaryArn"] for role in roles}
    assert boundaries == {parameters(lab)["PermissionsBoundaryArn"]}


def test_boundary_limits_what_the_roles_may_do(lab: Lab) -> None:
    iam, arn = lab.stack.aws.client("iam"), parameters(lab)["PermissionsBoundaryArn"]
    file = to_json_bytes({"id": "limited", "urls": [lab.url(list(lab.pictures)[3])]})
    denied = {"Effect": "Deny", "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{BUCKET}/receipts/*"}
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=policy(EVERYTHING, denied), SetAsDefault=True)
    try:
        assert lab.stack.call("POST", "/files", file).json()["receiptKey"] is None
    finally:
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=policy(EVERYTHING), SetAsDefault=True)
    assert lab.stack.call("POST", "/files", file).json()["receiptKey"] == "receipts/limited.json"


def test_logs_and_queues_are_encrypted_with_the_key(lab: Lab) -> None:
    """MiniStack keeps no encryption of buckets: contract/test_template_switches.py tests it."""
    key, queues = parameters(lab)["KmsKeyArn"], lab.stack.aws.client("sqs")
    groups = lab.stack.aws.client("logs").describe_log_groups()["logGroups"]
    attributes = [
        queues.get_queue_attributes(QueueUrl=url, AttributeNames=["KmsMasterKeyId"])["Attributes"]
        for url in queues.list_queues()["QueueUrls"]
    ]

    assert {group["kmsKeyId"] for group in groups} == {key}
    assert all(each["KmsMasterKeyId"] == key for each in attributes)


def test_commands_of_the_page_add_statements_to_the_policy_of_the_key_and_keep_the_others(
    lab: Lab, tmp_path: Path
) -> None:
    client, key = lab.stack.aws.client("kms"), parameters(lab)["KmsKeyArn"]
    [commands] = [each for each in read_commands("your-account.md") if "put-key-policy" in each]

    def read_ids() -> list[str]:
        document = client.get_key_policy(KeyId=key, PolicyName="default")["Policy"]
        return [statement["Sid"] for statement in json.loads(document)["Statement"]]

    mine = {"Sid": "Mine", "Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "kms:Decrypt", "Resource": "*"}
    for before in (policy({**EVERYTHING, **mine}), json.dumps({"Version": "2012-10-17", "Statement": mine})):
        client.put_key_policy(KeyId=key, PolicyName="default", Policy=before)
        for _ in range(2):
            run_shell(lab, commands, tmp_path, KEY=key)
        assert read_ids() == ["Mine", "ImageIntakeLogs", "ImageIntakeMessages"]


def test_every_function_runs_in_the_subnets(lab: Lab) -> None:
    client = lab.stack.aws.client("lambda")
    configs = [client.get_function_configuration(FunctionName=name)["VpcConfig"] for name in lab.stack.functions]

    assert {",".join(config["SubnetIds"]) for config in configs} == {parameters(lab)["SubnetIds"]}
    assert {",".join(config["SecurityGroupIds"]) for config in configs} == {parameters(lab)["SecurityGroupIds"]}


def test_stage_writes_access_logs_to_a_log_group_of_the_stack(lab: Lab) -> None:
    stage = lab.stack.aws.client("apigateway").get_stage(restApiId=lab.stack.api_id, stageName="v1")
    setting: dict[str, Any] = stage["accessLogSettings"]

    group = setting["destinationArn"].partition(":log-group:")[2]
    assert lab.stack.aws.client("logs").describe_log_groups(logGroupNamePrefix=group)["logGroups"]
    assert json.loads(setting["format"])["principal"] == "$context.identity.userArn"


def test_stack_has_neither_dashboard_nor_alarms_until_they_are_switched_on(lab: Lab) -> None:
    client = lab.stack.aws.client("cloudwatch")
    assert "Observability" not in resources(lab)
    assert (client.list_dashboards()["DashboardEntries"], client.describe_alarms()["MetricAlarms"]) == ([], [])

    assert update(lab, Dashboard="on") == "UPDATE_COMPLETE"
    [dashboard] = client.list_dashboards()["DashboardEntries"]
    assert client.describe_alarms()["MetricAlarms"] == []
    body = json.loads(client.get_dashboard(DashboardName=dashboard["DashboardName"])["DashboardBody"])
    assert body["widgets"][0]["type"] == "text"

    assert update(lab, Dashboard="off", Alarms="on") == "UPDATE_COMPLETE"
    assert client.list_dashboards()["DashboardEntries"] == []
    assert len(client.describe_alarms()["MetricAlarms"]) > 10


def test_subnets_without_security_groups_are_refused(lab: Lab) -> None:
    with pytest.raises(Exception, match="SubnetIds and SecurityGroupIds must be set together"):
        update(lab, SecurityGroupIds="")


def test_deleted_stack_leaves_the_existing_bucket_as_it_is(lab: Lab) -> None:
    """The last test of the file."""
    before = lab.objects("")
    client = lab.stack.aws.client("cloudformation")
    client.delete_stack(StackName=STACK)
    client.get_waiter("stack_delete_complete").wait(StackName=STACK, WaiterConfig={"Delay": 1, "MaxAttempts": 60})

    assert before
    assert lab.objects("") == before
