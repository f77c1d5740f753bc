"""What callers run today, what they could write in an afternoon, and ours: a file each.

Each has `run(urls, bucket)`, which stores every image under its number and then one small summary; what it can keep
between runs, it keeps. `reopen()` closes all connections and opens the clients anew, so that the next run
finds a warm process and a cold network.
"""
