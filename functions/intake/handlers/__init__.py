"""The doors, one file each: an event in, an answer out."""
