"""What the `make` commands share: child processes, signals, locks, ports and terminal output.

Nothing here knows what the commands do, and nothing here needs more than Python itself.
"""
