"""Pictures for the service to ingest, and a server on loopback for them.

`board` draws the pictures of the demo. `folder` reads the user's own pictures. `server` serves either.
"""
