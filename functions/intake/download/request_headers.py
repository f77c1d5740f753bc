"""The headers of a request to an origin."""

import httpx


def make_headers(user_agent: str, authority: str) -> httpx.Headers:
    """Return all headers of a request: no cookie, no credentials, no referrer."""
    return httpx.Headers(
        {
            "Host": authority,
            "User-Agent": user_agent,
            "Accept": "image/*,*/*;q=0.1",
            "Accept-Encoding": "identity",
        }
    )
