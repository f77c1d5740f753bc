"""SmokeContext: what the checks of one run share."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from infra.bulk.stack import run_name
from infra.smoke.check import RESTORE, CheckFailed
from infra.smoke.deployed import Deployed
from infra.smoke.receipts import check_receipt
from infra.smoke.smoke_file import SmokeFile, names_invalid_member
from infra.smoke.waiter import Waiter
from intake.model.object_keys import problem_key, receipt_key

UNPROCESSABLE = 422


@dataclass(slots=True)
class SmokeContext:
    """What the checks of one run share.

    Attributes:
        deployed: the stack.
        file: the File.
        waiter: waits for results.
        receipts: the stored receipts, by entry point.
        pending: what was sent and has no result yet, with a function that says whether it has one.
        run_arn: the ARN of the bulk run; empty until it is known.
    """

    deployed: Deployed
    file: SmokeFile
    waiter: Waiter
    receipts: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    pending: dict[str, Callable[[], bool]] = field(default_factory=dict)
    run_arn: str = ""

    @property
    def run_name(self) -> str:
        """The name of the bulk run; empty until it is known."""
        return run_name(self.run_arn)

    def has_receipt(self, name: str) -> bool:
        return self.read_receipt(name) is not None

    def read_receipt(self, name: str) -> dict[str, Any] | None:
        """Read the stored receipt of an entry point's File."""
        return self.deployed.read_document(receipt_key(self.file.id_of(name)))

    def check(self, receipt: Mapping[str, Any], name: str) -> None:
        """Check the receipt of an entry point's File.

        Raises:
            CheckFailed: it says something else than it must.
        """
        check_receipt(receipt, self.file.id_of(name), self.file.expected, self.deployed.variables)

    def send(self, name: str, expected: str, send: Callable[[], object]) -> None:
        """Send something whose receipt comes later; until then it is pending.

        Raises:
            CheckFailed: it was not accepted, so that no receipt comes.
        """
        self.pending[expected] = lambda: self.has_receipt(name)
        try:
            send()
        except CheckFailed:
            self.pending.pop(expected)
            raise

    def wait_for_receipt(self, name: str, expected: str, advice: str = "") -> None:
        """Wait for a receipt, and check it; the advice is for the case that there is none.

        Raises:
            CheckFailed: there is none within the limit, or it says something else than it must.
        """
        self.keep(name, self.waiter.wait_for(lambda: self.read_receipt(name), expected, advice))
        self.pending.pop(expected, None)

    def keep(self, name: str, receipt: Mapping[str, Any]) -> None:
        """Check a stored receipt, and keep it to compare it with the others."""
        self.check(receipt, name)
        self.receipts[name] = receipt

    def keep_stored(self, name: str) -> None:
        """Read, check and keep the receipt that must be stored already, because the entry point has responded.

        Raises:
            CheckFailed: the receipt is not in the bucket.
        """
        receipt = self.read_receipt(name)
        if receipt is None:
            raise CheckFailed(f"{receipt_key(self.file.id_of(name))} is not in the image bucket.")
        self.keep(name, receipt)

    def check_problem(self, problem: Mapping[str, Any]) -> None:
        """Check the problem document of the invalid File.

        Raises:
            CheckFailed: it has another status, or does not name the fault.
        """
        if problem.get("status") != UNPROCESSABLE or not names_invalid_member(problem.get("errors") or []):
            raise CheckFailed(f"Expected a problem with status 422 that names fileUrl, got {str(problem)[:300]}.")

    def wait_for_problem(self, name: str, advice: str = "") -> None:
        """Wait for the problem document of an invalid File, and check it; the advice is as above.

        Raises:
            CheckFailed: there is none within the limit, or it says something else.
        """
        key = problem_key(self.file.invalid_id_of(name))
        self.check_problem(self.waiter.wait_for(lambda: self.deployed.read_document(key), key, advice))

    def find_fault_of_function(self, name: str) -> CheckFailed | None:
        """Return what is wrong with a function of the stack, by the name of its output; None if nothing is.

        Raises:
            ClientError: Lambda does not say.
        """
        function = self.deployed.functions().get(name)
        if function is None:
            return CheckFailed(f"The stack has no output {name}FunctionName.", RESTORE)
        try:
            found = self.deployed.lambda_.get_function_configuration(FunctionName=function)
        except ClientError as error:
            if error.response["Error"]["Code"] == "ResourceNotFoundException":
                return CheckFailed(f"The function {function} does not exist.", RESTORE)
            raise
        state, update = found.get("State", "Active"), found.get("LastUpdateStatus", "Successful")
        if state in {"Active", "Inactive"} and update == "Successful":
            return self._find_throttle(function)
        reason = found.get("StateReason") or found.get("LastUpdateStatusReason", "")
        return CheckFailed(
            f"The function {function} is {state}, its last update {update}: {reason}", "Deploy the stack again."
        )

    def _find_throttle(self, function: str) -> CheckFailed | None:
        """Return that Lambda never runs a function: "Throttle" in its console sets the reserved concurrency to 0."""
        try:
            found = self.deployed.lambda_.get_function_concurrency(FunctionName=function)
        except ClientError:
            return None  # the caller may not ask
        if found.get("ReservedConcurrentExecutions") != 0:
            return None
        command = f"aws lambda delete-function-concurrency --function-name {function}"
        return CheckFailed(
            f"The reserved concurrency of {function} is 0: Lambda never runs it.", f"Remove it: {command}"
        )
