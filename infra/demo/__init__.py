"""`make demo`: the whole way of one File, on this machine, for a person to watch."""
