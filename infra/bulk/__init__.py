"""`make bulk`: upload a list to a deployed stack, follow its run and print the summary; or follow an earlier run."""
