"""Sets up the namespace, deploys, sends URLs, and prints what happened."""

import json
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any
from uuid import uuid4

import trustme
from infra.build import artifact
from infra.local.ministack import MiniStack

from support.deployed_lab import Lab, changed_function, deploy_lab
from support.known_images_lab import ingest
from support.network_sandbox import dns_server, namespace
from support.origin.behaviour import IMAGE, response_with
from support.private_host_stack import CANARY, HOST, RIGHT, ROLES
from support.private_hosts.servers import Received, Servers, servers_in_thread
from support.revoked_right import revoked_right

_ADDRESS = "93.184.216.34"


def _trust(authority: trustme.CA, work: Path) -> None:
    """Let the functions trust an authority: its certificate is in the artifact, for this mount namespace alone."""
    for number, bundle in enumerate(artifact.local_build_directory().glob("*/certifi/cacert.pem")):
        changed = work / f"{number}.pem"
        changed.write_bytes(bundle.read_bytes() + authority.cert_pem.bytes())
        subprocess.run(["mount", "--bind", changed, bundle], check=True)


def _prepare(aws: MiniStack) -> Mapping[str, str]:
    """Create the secret; return the parameters of the template."""
    secret = {HOST: {"headers": {"X-Api-Key": CANARY}}}
    arn = aws.client("secretsmanager").create_secret(Name="hosts", SecretString=json.dumps(secret))["ARN"]
    return {"SourceHosts": HOST, "SourceSecretArn": arn, "AllowedHosts": f"127.0.0.1,{HOST}"}


def _answer(received: Received) -> bytes:
    if received.headers.get("x-api-key") != CANARY:
        return response_with(b"", status="401 Unauthorized")
    return response_with(IMAGE)


def _ingest(lab: Lab, servers: Servers, role: str) -> list[str]:
    """Send an image of the private host and one of another origin through the function of a role."""
    path = f"/{uuid4()}"
    servers.answers[path] = _answer
    name = next(iter(lab.pictures))
    return ingest(lab, role, {"url": f"https://{HOST}{path}"}, {"url": f"{lab.url(name)}?{path}"})


def _run(lab: Lab, servers: Servers) -> dict[str, Any]:
    found: dict[str, Any] = {"with": {}, "without": {}}
    for role in ROLES:
        found["with"][role] = _ingest(lab, servers, role)
        # A new environment has not read the secret.
        function = role.removesuffix("Role")
        with revoked_right(lab, role, RIGHT), changed_function(lab, function, {"CONTACT": "without"}):
            found["without"][role] = _ingest(lab, servers, role)
    found["requests"] = [received.headers.get("x-api-key") for received in servers.received]
    found["log"] = lab.stack.aws.log.read_text(errors="replace") + "\n".join(lab.stack.read_log())
    found["receipts"] = [lab.read(key).decode() for key in lab.objects("receipts/")]
    return found


def main() -> None:
    authority = trustme.CA()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(HOST).configure_cert(tls)
    with tempfile.TemporaryDirectory() as work, redirect_stdout(sys.stderr):
        namespace.set_up(Path(work))
        dns_server.serve(dns_server.DnsTable({HOST: [_ADDRESS]}), namespace.NAME_SERVER)
        _trust(authority, Path(work))
        with servers_in_thread(tls) as servers, deploy_lab(_prepare) as lab:
            found = _run(lab, servers)
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
