"""The deployed stack beside a private host on port 443, in a network namespace.

`python -m support.private_host_stack`, run in a new network and mount namespace (`unshare --net --mount`), deploys the
built artifact on MiniStack, sends URLs of the host through every function, with and without the right to read the
secret, and prints what happened as JSON.
"""

HOST = "photos.corp.example"
CANARY = "Canary7f3a91"
RIGHT = "secretsmanager:GetSecretValue hosts"
ROLES = ("HttpFunctionRole", "S3FunctionRole", "BulkFunctionRole", "InvokeFunctionRole", "QueueFunctionRole")
