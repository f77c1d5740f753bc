"""Patches of MiniStack 1.5.33, which make it do what AWS documents.

`start` applies all of them, inside MiniStack's own environment: these modules can import only MiniStack, the standard
library, and modules of infra that need nothing else. Each patch replaces one function of MiniStack with one that calls
the original. Its docstring says what AWS documents ("AWS:") and what MiniStack does instead ("MiniStack:"). The version
of MiniStack is pinned, because the replaced functions are private; the end-to-end tests fail when one of them changes.
"""
