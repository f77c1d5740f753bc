"""Pictures to send through the service, and a server on loopback for them.

`board` draws the pictures of the demo, `folder` reads pictures of the user's own, `server` serves either.
"""
