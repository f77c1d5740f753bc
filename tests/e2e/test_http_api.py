"""The deployed HTTP API, end to end: a signed request, API Gateway, the built artifact with its role, and S3."""

import hashlib
import io
import json
import zipfile
from typing import Any

import pytest
from botocore.exceptions import ClientError
from infra.local.api_client import Credentials
from infra.local.deploy_template import ARTIFACT_BUCKET, STACK, to_json_bytes
from infra.local.ministack import REGION

from support.deployed_lab import Lab


def post(lab: Lab, file: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    response = lab.stack.call("POST", "/files", to_json_bytes(file))
    body: dict[str, Any] = response.json()
    return response.status, body


def test_images_of_a_file_are_stored_under_their_digests(deployed: Lab) -> None:
    """The File has both forms of a base image and six image types."""
    names = ["inspect.jpg", "golden.png", "golden.webp", "golden.avif", "earlier.tiff", "earlier.gif"]
    bases = [{"url": deployed.url(names[1])}, *([deployed.url(name)] for name in names[2:])]

    status, receipt = post(deployed, {"id": "whole", "fileUrl": deployed.url(names[0]), "baseUrls": bases})

    assert status == 200
    assert receipt["status"] == "stored"
    for name, key, image in zip(names, receipt["objectKeys"], receipt["images"], strict=True):
        stored = deployed.s3.get_object(Bucket=deployed.stack.bucket, Key=key)
        body = stored["Body"].read()
        assert body == deployed.pictures[name]
        assert key.startswith(f"images/{(digest := hashlib.sha256(body).hexdigest())[:2]}/{digest}.")
        assert stored["ContentType"].removeprefix("image/") in {"jpeg", "png", "webp", "avif", "tiff", "gif"}
        assert stored["Metadata"] == {fact: str(image[fact]) for fact in ("width", "height", "frames")}


def test_failed_images_have_codes_and_the_others_are_stored_in_order(deployed: Lab) -> None:
    bases = [[deployed.url(name)] for name in ("half.jpg", "golden.webp", "missing.png")]

    status, receipt = post(deployed, {"id": "some", "fileUrl": deployed.url("inspect.jpg"), "baseUrls": bases})

    assert status == 207
    codes = [image.get("error", {}).get("code") for image in receipt["images"]]
    assert codes == [None, "invalid_image", None, "not_found"]
    assert [bool(key) for key in receipt["objectKeys"]] == [True, False, True, False]


def test_file_without_a_stored_image_gets_502_with_its_receipt(deployed: Lab) -> None:
    """API Gateway has its own 502, and must pass ours unchanged."""
    status, receipt = post(deployed, {"id": "none", "urls": [deployed.url("half.jpg"), "http://169.254.169.254/"]})

    assert status == 502
    assert receipt["status"] == "failed"
    assert [image["error"]["code"] for image in receipt["images"]] == ["invalid_image", "blocked"]


def test_nothing_is_stored_when_the_same_file_comes_again(deployed: Lab) -> None:
    file = {"id": "twice", "urls": [deployed.url("golden.png"), deployed.url("earlier.gif")]}
    _, first = post(deployed, file)
    before = deployed.objects()

    status, second = post(deployed, file)

    assert status == 200
    assert second["counts"] == {**first["counts"], "stored": 0, "reused": 2}
    assert second["objectKeys"] == first["objectKeys"]
    assert deployed.objects() == before


def test_stored_receipt_is_returned_without_query_strings(deployed: Lab) -> None:
    _, receipt = post(deployed, {"id": "later", "urls": [deployed.url("golden.png") + "?token=secret"]})

    answer = deployed.stack.call("GET", "/files/later")

    assert answer.status == 200
    assert answer.json()["objectKeys"] == receipt["objectKeys"]
    assert "secret" not in answer.body.decode()


def test_unknown_id_gets_404(deployed: Lab) -> None:
    """Without the role's s3:ListBucket permission, S3 would respond 403."""
    answer = deployed.stack.call("GET", "/files/nobody-sent-this")

    assert (answer.status, answer.content_type) == (404, "application/problem+json")


@pytest.mark.parametrize(("body", "status"), [(b"{", 400), (b'{"fileUrl": 7}', 422)])
def test_invalid_file_gets_a_problem(deployed: Lab, body: bytes, status: int) -> None:
    answer = deployed.stack.call("POST", "/files", body)

    assert (answer.status, answer.content_type) == (status, "application/problem+json")
    assert answer.json()["status"] == status


def test_problem_names_every_fault_of_a_file(deployed: Lab) -> None:
    file = {"fileUrl": 7, "baseUrls": [["http://a.example/1.png"], {"url": 3}], "id": "../up"}

    status, problem = post(deployed, file)

    assert status == 422
    assert {"fileUrl", "id"} < {error["path"] for error in problem["errors"]}
    assert any(error["path"].startswith("baseUrls[1]") for error in problem["errors"])


def test_unsigned_request_is_rejected(deployed: Lab) -> None:
    assert deployed.stack.call("POST", "/files", b"{}", credentials=None).status == 403


def test_caller_needs_permission_to_invoke_the_api(deployed: Lab) -> None:
    iam = deployed.stack.aws.client("iam")
    iam.create_user(UserName="line-7")
    key = iam.create_access_key(UserName="line-7")["AccessKey"]
    caller = Credentials(key["AccessKeyId"], key["SecretAccessKey"])
    before = deployed.stack.call("POST", "/files", b"{}", credentials=caller)

    resource = f"arn:aws:execute-api:{REGION}:*:{deployed.stack.api_id}/v1/POST/files"
    grant = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": resource}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [grant]})
    iam.put_user_policy(UserName="line-7", PolicyName="send", PolicyDocument=policy)

    assert before.status == 403
    assert deployed.stack.call("POST", "/files", b"{}", credentials=caller).status == 422


def test_deployment_is_rejected_when_allowed_networks_contains_loopback_or_link_local(deployed: Lab) -> None:
    cloudformation = deployed.stack.aws.client("cloudformation")
    for network in ("127.0.0.0/8", "169.254.169.254/32", "0.0.0.0/0", "10.0.0.0/8,127.0.0.1/32"):
        with pytest.raises(ClientError, match="AllowedNetworks"):
            cloudformation.create_change_set(
                StackName=STACK,
                ChangeSetName="refused",
                UsePreviousTemplate=True,
                Capabilities=["CAPABILITY_IAM"],
                Parameters=[{"ParameterKey": "AllowedNetworks", "ParameterValue": network}],
            )


def test_deployed_zip_contains_the_bytecode(deployed: Lab) -> None:
    """Sam must not leave __pycache__ out of the zip."""
    zips = []
    for item in deployed.s3.list_objects_v2(Bucket=ARTIFACT_BUCKET)["Contents"]:
        body = deployed.s3.get_object(Bucket=ARTIFACT_BUCKET, Key=item["Key"])["Body"].read()
        if zipfile.is_zipfile(io.BytesIO(body)):
            zips.append(set(zipfile.ZipFile(io.BytesIO(body)).namelist()))

    (names,) = zips
    assert "intake/handlers/__pycache__/http.cpython-313.pyc" in names
    assert "httpx/__pycache__/_client.cpython-313.pyc" in names
