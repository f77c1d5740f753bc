"""`make publish` as a maintainer types it: what it uploads, and what it asks the application repository to create."""

import json
import os
import re
import subprocess
import tomllib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from infra.build import artifact
from infra.build.template_file import ROOT, load
from infra.local.deploy_template import ROOT_USER
from infra.local.ministack import REGION

from support.deployed_lab import Lab

PUBLISHED = artifact.local_build_directory() / "published.yaml"
BUCKET, SOURCE = "published", "https://git.example/image-intake"
SUPPORTED = set((ROOT / "tests" / "support" / "application_repository_resources.txt").read_text().split())
"""What such a template may use of the list (Developer Guide, "List of Supported AWS Resources")."""


class Repository(BaseHTTPRequestHandler):
    """The application repository: accepts every application."""

    requests: list[tuple[str, dict[str, Any]]]

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.requests.append((self.path, body))
        answer = json.dumps({"applicationId": f"arn:aws:serverlessrepo:{REGION}:123456789012:applications/a"}).encode()
        self.send_response(201)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture(scope="module")
def repository() -> Iterator[ThreadingHTTPServer]:
    Repository.requests = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Repository) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def publish(*variables: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment |= {"AWS_EC2_METADATA_DISABLED": "true", "HOME": "/nonexistent", "AWS_REGION": REGION} | env
    command = ["make", "-s", "publish", *variables]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=180, check=False)


@pytest.fixture(scope="module")
def application(deployed: Lab, repository: ThreadingHTTPServer) -> dict[str, Any]:
    """What the repository is asked to create."""
    deployed.s3.create_bucket(Bucket=BUCKET)
    done = publish(
        f"BUCKET={BUCKET}",
        f"SOURCE={SOURCE}/",
        f"BUILD={artifact.local_build_directory()}",
        f"ARCH={artifact.local_architecture()}",
        env={
            "AWS_ENDPOINT_URL": deployed.stack.aws.endpoint,
            "AWS_ENDPOINT_URL_SERVERLESSAPPLICATIONREPOSITORY": f"http://127.0.0.1:{repository.server_port}",
            "AWS_ACCESS_KEY_ID": ROOT_USER.key,
            "AWS_SECRET_ACCESS_KEY": ROOT_USER.secret,
        },
    )
    assert done.returncode == 0, done.stdout + done.stderr
    [(path, body)] = Repository.requests
    assert path == "/applications"
    return body


def read(lab: Lab, url: str) -> str:
    """Read an object of which a published template has the URL."""
    found = re.fullmatch(r"s3://(\w+)/(.+)|https://s3[^/]*/(\w+)/(.+)", url)
    assert found, url
    bucket, key = found[1] or found[3], found[2] or found[4]
    text: str = lab.s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode()
    return text


def test_application_has_what_the_repository_requires_of_a_public_one(application: dict[str, Any]) -> None:
    """The bounds are those of CreateApplication in its API reference."""
    assert re.fullmatch(r"[a-zA-Z0-9-]{1,140}", application["name"])
    assert re.fullmatch(r"[a-z0-9](([a-z0-9]|-(?!-))*[a-z0-9])?", application["author"])
    assert 1 <= len(application["description"]) <= 256
    assert 1 <= len(application["labels"]) <= 10
    assert all(re.fullmatch(r"[a-zA-Z0-9+_:/@-]{1,127}", label) for label in application["labels"])
    assert (application["spdxLicenseId"], application["sourceCodeUrl"]) == ("MIT", SOURCE)


def test_version_is_that_of_the_project(application: dict[str, Any]) -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]

    assert application["semanticVersion"] == version
    assert "SemanticVersion" not in (ROOT / "template.yaml").read_text()


def test_license_and_readme_are_uploaded_and_small_enough(deployed: Lab, application: dict[str, Any]) -> None:
    readme = read(deployed, application["readmeUrl"])

    assert read(deployed, application["licenseUrl"]) == (ROOT / "LICENSE").read_text()
    assert len(readme.encode()) < 5 * 2**20
    assert readme.startswith("# image-intake\n")
    targets = re.findall(r"\]\(([^)]+)\)", readme)
    assert [target for target in targets if not target.startswith(("https://", "http://", "#"))] == []


def test_template_has_only_resources_that_the_repository_supports(application: dict[str, Any]) -> None:
    """A nested stack of the template's own is refused, and so is every type that is not in the list."""
    resources = load_text(application["templateBody"])["Resources"]

    assert {resource["Type"] for resource in resources.values()} <= SUPPORTED
    assert "AWS::CloudFormation::Stack" not in SUPPORTED
    assert sum(resource["Type"] == "AWS::CloudWatch::Alarm" for resource in resources.values()) > 10


def test_template_is_valid(application: dict[str, Any]) -> None:
    load_text(application["templateBody"])
    cfn_lint = ROOT / ".local" / "sam" / "bin" / "cfn-lint"
    # W8001: the condition of the nested stack is not used any more.
    done = subprocess.run(
        [cfn_lint, PUBLISHED, "--ignore-checks", "W8001"], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout) == (0, "")


def test_stack_reads_nothing_of_the_publishers_bucket_but_code(application: dict[str, Any]) -> None:
    """The repository copies the code of functions. Other accounts cannot read the bucket."""
    resources = load_text(application["templateBody"])["Resources"]

    found = {
        (resource["Type"], name)
        for resource in resources.values()
        for name, value in resource["Properties"].items()
        if re.search(rf"s3://{BUCKET}/|\"{BUCKET}\"|/{BUCKET}/", json.dumps(value))
    }
    assert found == {("AWS::Serverless::Function", "CodeUri")}


def test_code_without_decoders_cannot_be_asked_to_decode(application: dict[str, Any]) -> None:
    assert load_text(application["templateBody"])["Parameters"]["Verify"]["AllowedValues"] == ["structure"]


def test_code_can_be_deployed_for_its_own_processor_only(application: dict[str, Any]) -> None:
    parameter = load_text(application["templateBody"])["Parameters"]["Architecture"]

    assert (parameter["Default"], parameter["AllowedValues"]) == (
        artifact.local_architecture(),
        [artifact.local_architecture()],
    )


def load_text(text: str) -> dict[str, Any]:
    PUBLISHED.write_text(text)
    return load(PUBLISHED)


@pytest.mark.parametrize(
    "variables", [[], ["BUCKET=b"], ["SOURCE=https://git.example/i"], ["BUCKET=b", "SOURCE=git.example"]]
)
def test_publish_says_what_it_needs_before_it_builds(variables: list[str]) -> None:
    done = publish(*variables, "BUILD=/nonexistent/build", env={})

    assert done.returncode != 0
    assert done.stderr.startswith("make publish: expected BUCKET")
    assert done.stdout == ""
