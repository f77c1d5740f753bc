"""image-intake: a File of image URLs in, every image verified and stored in S3 exactly once, a Receipt out.

The house, from the inside out. `domain/` holds the rules and touches nothing: what a File, a URL, an address, an image,
a key, an answer and a Receipt are, and every error there is. `bounds.py` says how much may go on at once. `service.py`
is the one use case, a File in, and `receipts.py` what it leaves; `batch.py` takes many, `manifests.py` those of an
object in the inbox. They know the world only through `ports.py`. `adapters/` are that world: `fetch.py` downloads on a
`clock.py`, over the `connection.py`s, each with an `alarm.py`, that `transport.py` has from its `pool.py`, which by
leave of `dials.py` dials what `names.py` finds and `guard.py` allows; `store.py`, `inbox.py` and `runs.py` are what
stands in S3, by way of `bucket.py` and `signer.py`, which comes `later.py`. `handlers/` are the doors, one file each,
all of the same shape: event, File, Receipt, answer. `settings.py` lists the settings and `config.py` reads them,
`telemetry.py` names what is logged and counted, and `runtime.py` puts it all together, once per execution environment,
whose `start.py` is short.
"""
