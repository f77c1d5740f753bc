"""Runs the examples of docs/calling.md as a caller does: a role with the policy of the page, and its temporary keys."""

import json
import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infra.local.deploy_template import read_outputs
from infra.local.ministack import REGION

from support.calling_page import find_command, list_variables
from support.deployed_lab import Lab

_ROLE = """
Parameters:
  {parameters}
Resources:
  Caller:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: [{{Effect: Allow, Action: sts:AssumeRole, Principal: {{AWS: !Ref AWS::AccountId}}}}]
      Policies:
        -
{policy}
Outputs:
  Role: {{Value: !GetAtt Caller.Arn}}
"""


def create_caller(lab: Lab, stack: str) -> dict[str, str]:
    """Create a role with the policy of the page, by CloudFormation, and return the environment of its programs."""
    outputs, policy = read_outputs(lab.stack.aws), find_command("PolicyName:")
    used = [name for name in outputs if f"${{{name}}}" in policy]
    declared = json.dumps({name: {"Type": "String"} for name in used})[1:-1].replace('}, "', '}\n  "')
    template = _ROLE.format(parameters=declared, policy=textwrap.indent(policy, " " * 10))
    cloudformation = lab.stack.aws.client("cloudformation")
    cloudformation.create_stack(
        StackName=stack,
        TemplateBody=template,
        Parameters=[{"ParameterKey": name, "ParameterValue": outputs[name]} for name in used],
        Capabilities=["CAPABILITY_IAM"],
    )
    cloudformation.get_waiter("stack_create_complete").wait(StackName=stack, WaiterConfig={"Delay": 1})
    return list_environment(lab) | assume_role(lab, read_outputs(lab.stack.aws, stack)["Role"])


def assume_role(lab: Lab, role: str) -> dict[str, str]:
    """Return temporary keys of a role as the variables that AWS SDKs read."""
    sts: Any = lab.stack.aws.session.client("sts", endpoint_url=lab.stack.aws.endpoint)
    keys = sts.assume_role(RoleArn=role, RoleSessionName="caller")["Credentials"]
    return {
        "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
        "AWS_SESSION_TOKEN": keys["SessionToken"],
    }


def list_environment(lab: Lab) -> dict[str, str]:
    """Return the environment of a program but for keys: the variables of the page, and no AWS settings or proxies."""
    hidden = re.compile(r"AWS_|PYTHON|.*_proxy$", re.IGNORECASE)
    kept = {name: value for name, value in os.environ.items() if not hidden.match(name)}
    outputs = read_outputs(lab.stack.aws) | {"ApiUrl": lab.stack.api_url}  # the form of the URL that needs no DNS
    variables = {name: outputs[output] for name, output in list_variables().items()} | {
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_ENDPOINT_URL": lab.stack.aws.endpoint,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "PYTHONWARNINGS": "error",
    }
    return kept | variables


def run_python(folder: Path, environment: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a program of the page to its end."""
    command = [sys.executable, *arguments]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
