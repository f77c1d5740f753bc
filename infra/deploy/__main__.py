"""`python -m infra.deploy STACK [PARAMETER ...]`: check the stack, the region, the credentials and the parameters."""

import argparse
import re
import sys
from collections.abc import Sequence

from infra.deploy.access_logs import AccessLogsError, check_access_logs
from infra.deploy.account import AccountError, identify
from infra.deploy.image_bucket import ImageBucketError, check_image_bucket
from infra.deploy.parameters import ParameterError, check_parameters, check_regions, read_parameters
from infra.deploy.receipt_topic import TopicError, check_receipt_topic
from infra.deploy.stack_status import StackStatusError, check_stack_status
from infra.deploy.verification import VerificationError, check_verification

STACK_NAME = re.compile("[A-Za-z][A-Za-z0-9-]{0,127}")
"""Names that CloudFormation accepts (CreateStack, StackName)."""

FAULTS = (
    AccessLogsError,
    AccountError,
    ImageBucketError,
    ParameterError,
    StackStatusError,
    TopicError,
    VerificationError,
)
"""What keeps a stack from being deployed."""


def main(stack: str, parameters: Sequence[str] = (), verify: str = "") -> int:
    """Print the target of the deployment; return 0 if it can be deployed there, 1 if not."""
    if not STACK_NAME.fullmatch(stack):
        print(
            f"make deploy: STACK={stack} is not a stack name: expected a letter, then letters, digits and hyphens,"
            " at most 128 characters.",
            file=sys.stderr,
        )
        return 1
    try:
        given = read_parameters(parameters)
        check_parameters(given)
        account = identify()
        check_regions(given, account.region)
        check_stack_status(stack)
        check_verification(stack, verify, given)
        check_receipt_topic(stack, given)
        check_access_logs(account, given)
        warning = check_image_bucket(account, given)
    except FAULTS as error:
        print(f"make deploy: {error}\nNothing was built or deployed.", file=sys.stderr)
        return 1
    if warning:
        print(warning)
    print(f"Deploying the stack {stack} to account {account.number}, {account.region}, as {account.caller}", flush=True)
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="make deploy")
    parser.add_argument("stack")
    parser.add_argument("--verify", default="")
    parser.add_argument("parameters", nargs="*")
    options = parser.parse_args()
    sys.exit(main(options.stack, options.parameters, options.verify))
