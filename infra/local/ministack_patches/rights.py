"""What MiniStack lets pass and AWS does not: services that act by a role, and S3 telling strangers what is not there.

MiniStack 1.5.33 checks every call that is signed, those of functions too. What a service does by a role it does
unchecked: Step Functions with the state machine's, EventBridge with the rule's, Lambda's logs and destinations with the
function's. Here its own evaluator is asked before each of these. It runs in MiniStack's environment: nothing but that
and the standard library is there.
"""

import importlib
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

_acting: ContextVar[str] = ContextVar("the role that Step Functions acts by")

DENIED = b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
"""What S3 says of an object that is not there to those who may not list the bucket (GetObject, "Permissions")."""


def may(role: str, action: str, resource: str) -> bool:
    """Whether the policies that a role has at this moment allow an action."""
    evaluator: Any = importlib.import_module("ministack.core.iam_evaluator")
    account, name = role.split(":")[4], role.rpartition("/")[2]
    asked = evaluator.EvalContext(
        principal_arn=role,
        principal_type="AssumedRole",
        principal_account=account,
        action=action,
        resource_arn=resource,
        region="",
    )
    policies = evaluator._gather_role_policies(name, account)  # noqa: SLF001 - there is no public way
    return bool(evaluator.evaluate(asked, policies).decision == "Allow")


def act(states: Any, execution: dict[str, Any]) -> None:  # noqa: ANN401 - a module that the type checker does not see
    """Go on by the role of an execution's state machine."""
    machine, _, _ = execution["stateMachineArn"].partition("/")  # behind it: the label of a map
    _acting.set(states._state_machines[machine]["roleArn"])  # noqa: SLF001 - there is no public way


def demand(action: str, resource: str) -> None:
    """Fail as a state does whose machine has no right to what it does.

    Raises:
        _ExecutionError: MiniStack's, with the name of the error at AWS.
    """
    role = _acting.get()
    if not may(role, action, resource):
        states: Any = importlib.import_module("ministack.services.stepfunctions")
        raise states._ExecutionError("States.Permissions", f"{role} has no {action} on {resource}")  # noqa: SLF001


def install() -> None:
    """Put the checks into MiniStack's services."""
    for service, name, guard in (
        ("stepfunctions", "_execute_task", _by_its_role),
        ("stepfunctions", "_invoke_resource", _invoking),
        ("eventbridge", "_invoke_target", _starting),
        ("lambda_svc", "_route_async_failure", _sending),
        ("lambda_svc", "_emit_lambda_logs", _logging),
        ("s3", "handle_request", _not_telling),
    ):
        module: Any = importlib.import_module(f"ministack.services.{service}")
        setattr(module, name, guard(module, getattr(module, name)))


def _by_its_role(states: Any, plain: Callable[..., Any]) -> Callable[..., Any]:  # noqa: ANN401 - as in act
    def execute(state: dict[str, Any], raw: Any, execution: dict[str, Any], ctx: Any) -> Any:  # noqa: ANN401 - MiniStack's own
        act(states, execution)
        return plain(state, raw, execution, ctx)

    return execute


def _invoking(_: Any, plain: Callable[..., Any]) -> Callable[..., Any]:  # noqa: ANN401 - as in act
    def invoke(resource: str, given: dict[str, Any]) -> Any:  # noqa: ANN401 - what a state answers
        if resource.endswith(":lambda:invoke"):
            demand("lambda:InvokeFunction", given["FunctionName"])
        return plain(resource, given)

    return invoke


def _starting(_: Any, plain: Callable[..., Any]) -> Callable[..., Any]:  # noqa: ANN401 - as in act
    def start(target: dict[str, Any], *rest: Any, **more: Any) -> Any:  # noqa: ANN401 - MiniStack's own
        allowed = ":states:" not in target["Arn"] or may(target["RoleArn"], "states:StartExecution", target["Arn"])
        return plain(target, *rest, **more) if allowed else None

    return start


def _sending(functions: Any, plain: Callable[..., Any]) -> Callable[..., Any]:  # noqa: ANN401 - as in act
    def send(target: str, function: str, *rest: Any) -> None:  # noqa: ANN401 - MiniStack's own
        if may(functions._functions[function]["config"]["Role"], "sqs:SendMessage", target):  # noqa: SLF001
            plain(target, function, *rest)

    return send


def _logging(_: Any, plain: Callable[..., Any]) -> Callable[..., Any]:  # noqa: ANN401 - as in act
    logs: Any = importlib.import_module("ministack.services.cloudwatch_logs")

    def write(function: dict[str, Any], *rest: Any, **more: Any) -> None:  # noqa: ANN401 - MiniStack's own
        config = function.get("config") or function
        group = logs._make_group_arn(config["LoggingConfig"]["LogGroup"]).removesuffix(":*")  # noqa: SLF001
        needed = ("logs:CreateLogStream", "logs:PutLogEvents")
        if all(may(config["Role"], action, f"{group}:log-stream:new") for action in needed):
            plain(function, *rest, **more)

    return write


def _not_telling(_: Any, plain: Callable[..., Any]) -> Callable[..., Any]:  # noqa: ANN401 - as in act
    evaluator: Any = importlib.import_module("ministack.core.iam_evaluator")
    router: Any = importlib.import_module("ministack.core.router")

    async def handle(method: str, path: str, headers: Any, body: Any, query: Any, *rest: Any, **more: Any) -> Any:  # noqa: ANN401 - MiniStack's own
        answer = await plain(method, path, headers, body, query, *rest, **more)
        bucket, _, key = path.lstrip("/").partition("/")
        if answer[0] != 404 or method not in {"GET", "HEAD"} or not key:  # noqa: PLR2004 - HTTP's own
            return answer
        signer = router.extract_access_key_id(headers, query)
        if not evaluator.enforce(signer, "s3:ListBucket", "s3", "", resource_arn=f"arn:aws:s3:::{bucket}"):
            return answer
        return 403, {"Content-Type": "application/xml"}, b"" if method == "HEAD" else DENIED

    return handle
