"""image-intake: a File of image URLs in, every image verified and stored in S3 exactly once, a Receipt out.

The house, from the inside out. `domain/` holds the rules and touches nothing: what a File, a URL, an address,
an image, a key and a Receipt are, and every error there is. `service.py` is the one use case; it knows the
world only through `ports.py`. `adapters/` are that world: `fetch.py` downloads through `transport.py` and
`guard.py`, `store.py` writes to S3. `handlers/` are the doors, one file each, all of the same shape: event,
File, Receipt, answer. `config.py` reads the settings, `telemetry.py` names what is logged and counted, and
`runtime.py` puts it all together, once per execution environment.
"""
