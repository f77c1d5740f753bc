"""Patches of MiniStack 1.5.33: what AWS documents and MiniStack does not do, replaced at its start.

`start` applies all of them, inside MiniStack's own environment: nothing but MiniStack and Python itself can be imported
here. Each patch replaces one function of MiniStack by one that calls the original. Its docstring says what AWS
documents ("AWS:") and what MiniStack does instead ("MiniStack:"). The version of MiniStack is pinned, because the
replaced functions are private; the end-to-end tests fail when one of them changes.
"""
