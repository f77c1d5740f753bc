"""Patches of MiniStack 1.5.33, which behaves otherwise than AWS documents."""
