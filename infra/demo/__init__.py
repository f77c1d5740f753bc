"""`make demo`: deploy the service on this machine, send it one File, and print the receipt as a table.

`user_file` reads the user's own File, `settings` the settings for it. `receipt_table` formats a receipt.
`blocked_reasons` finds why a URL was blocked. `dns_failures` recognizes a machine without DNS. `stored_object_check`
compares the bucket with the receipt.
"""
