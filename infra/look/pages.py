"""The pages of `make look`."""

from infra.look.receipt_page import write_receipt_page as write_receipt_page  # noqa: PLC0414 - exported
from infra.look.run_page import describe_runs as describe_runs  # noqa: PLC0414 - exported
from infra.look.run_page import write_run_page as write_run_page  # noqa: PLC0414 - exported
