"""The deployed API responds as infra/openapi.yaml says, whatever request is generated.

The stack fetches from 127.0.0.1 only (AllowedHosts), and checks this before it looks up a name: no generated URL leads
to another machine.
"""

import re
from zlib import crc32

import botocore.credentials
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from infra.local.deploy import ROOT_USER
from infra.local.ministack import REGION
from requests import PreparedRequest
from requests.auth import AuthBase

from support.deployed_lab import Lab, wait_for
from support.openapi_fuzzing import fuzz, load_contract, replace_urls


class SigV4(AuthBase):
    """Signs requests."""

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        signed = AWSRequest(method=request.method, url=request.url, data=request.body)
        keys = botocore.credentials.Credentials(ROOT_USER.key, ROOT_USER.secret)
        SigV4Auth(keys, "execute-api", REGION).add_auth(signed)
        request.headers.update(dict(signed.headers))
        return request


def test_every_response_conforms_to_the_contract(deployed: Lab) -> None:
    """API Gateway responds 403 to unknown methods and paths. All checks of the fuzzer are on."""
    urls = [*map(deployed.url, [*deployed.pictures, "missing.png"]), None]
    schema = load_contract(examples=30, runs=10)
    schema.config.update(base_url=deployed.stack.api_url)
    schema.auth.set_from_requests(SigV4())
    replace_urls(schema, lambda url: urls[crc32(url.encode(errors="replace")) % len(urls)] or url)

    result = fuzz(schema)

    assert result.faults == []
    seen = {("POST", status) for status in (200, 202, 207, 400, 403, 422)}
    assert seen | {("GET", status) for status in (200, 202, 404, 403)} <= result.responses.keys()
    wait_for(lambda: pending_manifests(deployed) == [])


def pending_manifests(lab: Lab) -> list[str]:
    """List the manifests that have no receipt yet."""
    pages = lab.s3.get_paginator("list_objects_v2").paginate(Bucket=lab.stack.inbox, Prefix="inbox/")
    manifests = [item["Key"] for page in pages for item in page.get("Contents", [])]
    receipts = set(lab.objects("receipts/"))
    return [key for key in manifests if re.sub("^inbox", "receipts", key) not in receipts]
