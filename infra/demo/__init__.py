"""`make demo`: one File through the deployed service on this machine, with its receipt as a table.

`user_file` reads the user's own File, `receipt_table` formats a receipt, `log_reasons` finds why a URL was blocked,
`name_resolution` recognizes a machine without DNS, and `verify` compares the bucket with the receipt.
"""
