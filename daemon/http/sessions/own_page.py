"""Whether a request comes from the console's own page, by what browsers say of it and no page can forge; pure."""

from collections.abc import Mapping
from urllib.parse import urlsplit

_OWN_SITES = frozenset({"same-origin", "none"})
"""``none``: a person typed the address, or loads the page again."""
_PORTS = {"http": 80, "https": 443}


def is_own_page(headers: Mapping[str, str], public_url: str | None) -> bool:
    """Whether a browser says that our own page sent this; a client that is no browser says neither.

    Where a browser says both, ``Sec-Fetch-Site`` counts first: our referrer policy lets browsers send no origin with
    forms, which they write as ``null``. public_url: the address that browsers see; None: the one that was asked.
    """
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None and site not in _OWN_SITES:
        return False
    if origin is None or (origin == "null" and site is not None):
        return True
    from_where, own = _place(origin), public_url if public_url is not None else f"//{headers.get('host', '')}"
    return from_where is not None and from_where == _place(own, origin)


def _place(url: str, like: str = "") -> tuple[str, int | None] | None:
    """Host and port; a port that is left out is that of the scheme, of the other one's where it has none itself."""
    try:
        parts = urlsplit(url)
        scheme = parts.scheme if parts.scheme else urlsplit(like).scheme
        port = parts.port if parts.port is not None else _PORTS.get(scheme)
    except ValueError:
        return None
    return None if parts.hostname is None else (parts.hostname, port)
