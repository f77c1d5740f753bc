"""`make demo`: deploy the service on this machine, send it one File, and print the receipt as a table.

`user_file` reads the user's own File. `receipt_table` formats a receipt. `log_reasons` finds why a URL was blocked.
`name_resolution` recognizes a machine without DNS. `verify` compares the bucket with the receipt.
"""
