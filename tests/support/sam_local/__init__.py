"""Shared by the tests of `sam local`: the commands of docs/sam-local.md, a shell, and the expected results."""
