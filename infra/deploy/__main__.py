"""`python -m infra.deploy STACK [PARAMETER ...]`: check the stack's name, region, credentials and ReceiptTopic."""

import re
import sys
from collections.abc import Sequence

from infra.deploy.account import AccountError, identify
from infra.deploy.receipt_topic import TopicError, check_receipt_topic

STACK_NAME = re.compile("[A-Za-z][A-Za-z0-9-]{0,127}")
"""Names that CloudFormation accepts (CreateStack, StackName)."""


def main(stack: str, parameters: Sequence[str] = ()) -> int:
    """Print the target of the deployment; return 0 if it can be deployed there, 1 if not."""
    if not STACK_NAME.fullmatch(stack):
        print(
            f"make deploy: STACK={stack} is not a stack name: expected a letter, then letters, digits and hyphens,"
            " at most 128 characters.",
            file=sys.stderr,
        )
        return 1
    try:
        account = identify()
        check_receipt_topic(stack, parameters)
    except (AccountError, TopicError) as error:
        print(f"make deploy: {error}\nNothing was built or deployed.", file=sys.stderr)
        return 1
    print(f"Deploying the stack {stack} to account {account.number}, {account.region}, as {account.caller}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
