"""`make bulk`: upload a list to a deployed stack, follow its run, print the summary; or follow a run again."""
