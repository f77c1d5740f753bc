"""Shared by the `make` commands: child processes, signals, locks, ports and terminal output.

These modules are independent of the commands, and import the standard library only.
"""
