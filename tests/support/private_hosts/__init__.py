"""Private hosts on their real ports, in a network namespace, and the whole service with a secret for them.

`python -m support.private_hosts`, run in a new network and mount namespace (`unshare --net --mount`), sends URLs of
every kind through the handlers, and prints which requests arrived, and everything that the service wrote, as JSON.
"""
