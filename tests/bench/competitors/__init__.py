"""The measured programs, one per module: what callers run today, faster alternatives, and image-intake.

Each module has `run(urls, bucket)`, which stores every image under its number and then one small summary. It may keep
clients and threads between runs. `reopen()` closes all connections and opens new clients, so that the next run has a
warm process and a cold network.
"""
