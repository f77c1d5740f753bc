"""The pages of `make look`."""

from infra.look.receipt_page import write_receipt_page as write_receipt_page  # noqa: PLC0414 - exported
