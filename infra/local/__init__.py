"""An AWS on this machine: MiniStack on loopback, our template deployed to it by sam, and calls to its API."""
