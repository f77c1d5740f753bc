"""An island: a network of its own in which every address there is stands on this machine, and every packet is seen.

`python -m support.network_sandbox` inside of a fresh network and mount namespace (`unshare --net --mount`) becomes the
island, hands the real service hundreds of URLs, and tells on its standard output, as JSON, what was said and what was
dialled.
"""
