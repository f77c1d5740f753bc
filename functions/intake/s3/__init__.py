"""S3: implements the ports `Store` and `Inbox`, and stores the results of bulk runs.

`store` and `inbox` send their requests through `client`, which `signer` signs for. `bulk_results` uses boto3.
`error_response` reads the errors of S3.
`background_signer` creates the signer in a thread, because importing boto3 is slow.
"""
