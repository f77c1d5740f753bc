"""A network namespace in which this machine answers for every address, and every packet is captured.

`python -m support.network_sandbox`, run in a new network and mount namespace (`unshare --net --mount`), sets up the
sandbox, lets the real service download hundreds of URLs, and prints the results and the captured connections as JSON.
"""
