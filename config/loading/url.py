"""Addresses that a client can really use; an unusable override must never become a default host."""

import re
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, Field

from config.model import refusal

EXAMPLE = "http://127.0.0.1:4566"
_HOST_LABEL = r"(?!-)[a-z0-9-]{1,63}(?<!-)"
_HOST = re.compile(rf"{_HOST_LABEL}(\.{_HOST_LABEL})*\.?|[0-9a-f:.]*:[0-9a-f:.]*", re.IGNORECASE | re.ASCII)
_LENGTH_MAX = 2048


def _split(url: str) -> SplitResult | None:
    """The parts of the address; None when they cannot be told apart (an open bracket, a port that is no port)."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    return None if port == 0 else parts


def usable_url(url: str) -> str:
    """Return the address unchanged, or refuse it: http(s), a host, no password, no query, no blanks."""
    parts = _split(url)
    if parts is not None and (parts.username is not None or parts.password is not None):
        fix = "take the part before the @ away; credentials come from the credential chain of AWS"
        raise refusal("the address holds a user name or a password", fix, hide=True)
    usable = (
        parts is not None
        and url.isascii()
        and url.isprintable()
        and " " not in url
        and len(url) <= _LENGTH_MAX
        and parts.scheme in {"http", "https"}
        and _HOST.fullmatch("" if parts.hostname is None else parts.hostname) is not None
        and not parts.query
        and not parts.fragment
    )
    if not usable:
        raise refusal(f"{url!r:.120} is not an http(s) address with a host", f"write one such as {EXAMPLE}")
    return url


Url = Annotated[str, AfterValidator(usable_url), Field(description="An http(s) address", examples=[EXAMPLE])]
"""An http or https address with a host, checked when the configuration loads."""
