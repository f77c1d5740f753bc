"""Distinguishes a clean end of a TLS connection from a truncation."""

import asyncio
import ssl


def is_clean_end(transport: asyncio.Transport) -> bool:
    """Return whether the peer itself ended the connection. Call it only after `eof_received`.

    Anybody on the path can end a TCP connection, but only the peer can send close_notify (RFC 9112, 9.8). Without TLS
    there is no such message, and every end counts as clean.
    """
    tls = transport.get_extra_info("ssl_object")
    try:
        return tls is None or tls.read(1) == b""
    except ssl.SSLError:
        return False
