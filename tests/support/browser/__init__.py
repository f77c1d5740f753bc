"""Opens pages of results in Chromium and records what they do; the results come from the real service."""
