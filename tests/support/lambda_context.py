"""Lambda's context object, with the members that the handlers use."""

import time

from aws_lambda_powertools.utilities.typing import LambdaContext


class Context(LambdaContext):
    """The context of an invocation that has `seconds` left."""

    def __init__(self, seconds: float) -> None:
        self._function_name = "image-intake"
        self._function_version = "$LATEST"
        self._invoked_function_arn = "arn:aws:lambda:eu-central-1:123456789012:function:image-intake"
        self._memory_limit_in_mb = 512
        self._aws_request_id = "c0ffee00-0000-4000-8000-000000000000"
        self._end = time.monotonic() + seconds

    def get_remaining_time_in_millis(self) -> int:  # type: ignore[override]  # Powertools declares a static method
        return max(0, round((self._end - time.monotonic()) * 1000))
