"""`make run`: ingests a list on this machine, into a folder."""
