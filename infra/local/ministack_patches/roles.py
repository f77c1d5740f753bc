"""Patches of five services: what a service does by a role, it does only where the role's policies allow it.

MiniStack checks the caller of every signed request, functions included. The work that a service does on behalf of a
role it does unchecked. These patches ask MiniStack's own policy evaluator first.
"""

import importlib
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

_current_role: ContextVar[str] = ContextVar("the role of the state machine that runs")


def apply() -> None:
    """Replace the functions of MiniStack's services that act by a role."""
    for service, name, patch in (
        ("stepfunctions", "_execute_task", _remember_role),
        ("stepfunctions", "_invoke_resource", _check_invocation),
        ("eventbridge", "_invoke_target", _check_target),
        ("lambda_svc", "_route_async_failure", _check_destination),
        ("lambda_svc", "_emit_lambda_logs", _check_logging),
    ):
        module: Any = importlib.import_module(f"ministack.services.{service}")
        setattr(module, name, patch(module, getattr(module, name)))


def is_allowed(role: str, action: str, resource: str) -> bool:
    """Whether the policies that a role has at this moment allow an action."""
    evaluator: Any = importlib.import_module("ministack.core.iam_evaluator")
    account, name = role.split(":")[4], role.rpartition("/")[2]
    context = evaluator.EvalContext(
        principal_arn=role,
        principal_type="AssumedRole",
        principal_account=account,
        action=action,
        resource_arn=resource,
        region="",
    )
    policies = evaluator._gather_role_policies(name, account)  # noqa: SLF001 - there is no public way
    return bool(evaluator.evaluate(context, policies).decision == "Allow")


def use_role_of(states: Any, execution: dict[str, Any]) -> None:  # noqa: ANN401 - a module that the type checker does not see
    """Make the role of an execution's state machine the current one."""
    machine, _, _ = execution["stateMachineArn"].partition("/")  # a map run has its label behind the slash
    _current_role.set(states._state_machines[machine]["roleArn"])  # noqa: SLF001 - there is no public way


def require(states: Any, action: str, resource: str) -> None:  # noqa: ANN401 - as in use_role_of
    """Check a right of the current role.

    Raises:
        _ExecutionError: of MiniStack: States.Permissions, as the state fails at AWS.
    """
    role = _current_role.get()
    if not is_allowed(role, action, resource):
        raise states._ExecutionError("States.Permissions", f"{role} has no {action} on {resource}")  # noqa: SLF001


def _remember_role(states: Any, original: Callable[..., Any]) -> Callable[..., Any]:  # noqa: ANN401 - as in use_role_of
    """Note which role a task runs by, for the checks below it.

    AWS: a task uses the role of its state machine.
    MiniStack: does not use the role.
    """

    def execute(state: dict[str, Any], raw: Any, execution: dict[str, Any], ctx: Any) -> Any:  # noqa: ANN401 - MiniStack's own
        use_role_of(states, execution)
        return original(state, raw, execution, ctx)

    return execute


def _check_invocation(states: Any, original: Callable[..., Any]) -> Callable[..., Any]:  # noqa: ANN401 - as in use_role_of
    """Check the right to invoke a function.

    AWS: a task that invokes a function needs lambda:InvokeFunction.
    MiniStack: invokes it without a check.
    """

    def invoke(resource: str, parameters: dict[str, Any]) -> Any:  # noqa: ANN401 - the output of a state
        if resource.endswith(":lambda:invoke"):
            require(states, "lambda:InvokeFunction", parameters["FunctionName"])
        return original(resource, parameters)

    return invoke


def _check_target(_: Any, original: Callable[..., Any]) -> Callable[..., Any]:  # noqa: ANN401 - as in use_role_of
    """Check the right to start a state machine.

    AWS: EventBridge starts a state machine by the target's role, which needs states:StartExecution.
    MiniStack: starts it without a check.
    """

    def start(target: dict[str, Any], *args: Any, **options: Any) -> Any:  # noqa: ANN401 - MiniStack's own
        if ":states:" in target["Arn"] and not is_allowed(target["RoleArn"], "states:StartExecution", target["Arn"]):
            return None
        return original(target, *args, **options)

    return start


def _check_destination(functions: Any, original: Callable[..., Any]) -> Callable[..., Any]:  # noqa: ANN401 - as in use_role_of
    """Check the right to send a failed event to a queue.

    AWS: the on-failure destination is used by the function's role, which needs sqs:SendMessage.
    MiniStack: sends the message without a check.
    """

    def send(target: str, function: str, *args: Any) -> None:  # noqa: ANN401 - MiniStack's own
        if is_allowed(functions._functions[function]["config"]["Role"], "sqs:SendMessage", target):  # noqa: SLF001
            original(target, function, *args)

    return send


def _check_logging(_: Any, original: Callable[..., Any]) -> Callable[..., Any]:  # noqa: ANN401 - as in use_role_of
    """Check the right to log.

    AWS: a function logs by its own role, which needs logs:CreateLogStream and logs:PutLogEvents.
    MiniStack: logs without a check.
    """
    logs: Any = importlib.import_module("ministack.services.cloudwatch_logs")

    def write(function: dict[str, Any], *args: Any, **options: Any) -> None:  # noqa: ANN401 - MiniStack's own
        config = function.get("config") or function
        group = logs._make_group_arn(config["LoggingConfig"]["LogGroup"]).removesuffix(":*")  # noqa: SLF001
        needed = ("logs:CreateLogStream", "logs:PutLogEvents")
        if all(is_allowed(config["Role"], action, f"{group}:log-stream:new") for action in needed):
            original(function, *args, **options)

    return write
