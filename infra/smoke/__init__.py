"""`make smoke`: try every entry point of a deployed stack with pictures of its own, print a table, remove everything.

`deployed` is the stack, `pictures` and `smoke_file` are what is sent. `http_checks`, `s3_checks`, `bulk_checks`,
`invoke_checks` and `queue_checks` try the entry points, side by side. `stack_checks`, `alarms`, `rights` and
`failure_queues` look at what a caller does not see. `cleanup` removes what the run left; `table` prints the results.
"""
