"""`make bulk LIST=list.csv`: hand a list to a deployed stack, follow its run, print what it came to."""
