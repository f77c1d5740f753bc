"""Matches certificates with hosts that have an underscore, such as `my_bucket.s3.amazonaws.com`.

OpenSSL matches them with no wildcard (openssl/openssl#12566), and Python leaves the match to OpenSSL. Browsers and curl
follow RFC 9525, 6.3: `*` is one whole label, the first one, whatever its characters. OpenSSL matches all other hosts.
"""

import ssl
from functools import lru_cache
from typing import Any, override


def context_for(host: str, context: ssl.SSLContext) -> ssl.SSLContext:
    """Return the context for connections to a host: the given one, or a copy that matches names by itself."""
    if "_" not in host or not context.check_hostname:
        return context
    return _copy(context)


@lru_cache(maxsize=8)
def _copy(context: ssl.SSLContext) -> ssl.SSLContext:
    """Return a context with the same authorities, versions and flags. It has no client certificate."""
    copy = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    copy.check_hostname = False  # `_NameCheckingObject` does it
    copy.verify_mode = context.verify_mode
    copy.verify_flags = context.verify_flags
    copy.options = context.options
    copy.minimum_version, copy.maximum_version = context.minimum_version, context.maximum_version
    authorities = b"".join(context.get_ca_certs(binary_form=True))
    if authorities:
        copy.load_verify_locations(cadata=authorities)
    copy.sslobject_class = _NameCheckingObject
    return copy


class _NameCheckingObject(ssl.SSLObject):
    """A TLS connection whose handshake fails if the certificate, which OpenSSL has verified, has another name."""

    @override
    def do_handshake(self) -> None:
        super().do_handshake()
        certificate: Any = self.getpeercert() or {}
        names = [name for kind, name in certificate.get("subjectAltName", ()) if kind == "DNS"]
        if not any(_matches(self.server_hostname or "", name) for name in names):
            raise ssl.SSLCertVerificationError("the certificate is not valid for the host")


def _matches(host: str, name: str) -> bool:
    _, _, parent = host.lower().partition(".")
    return name.lower() in ({host.lower(), f"*.{parent}"} if "." in parent else {host.lower()})
