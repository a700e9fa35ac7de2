"""Leaves the roots of the Internet unread: every client would parse all of them, and no test leaves loopback."""

import ssl
from collections.abc import Callable
from typing import Any

import certifi

LOAD = ssl.SSLContext.load_verify_locations


def load_others(self: ssl.SSLContext, cafile: Any = None, *more: Any, **options: Any) -> None:  # noqa: ANN401  # as ssl has them
    """Trust what a test made, as ever."""
    if cafile != certifi.where():
        LOAD(self, cafile, *more, **options)


def load_none(_: ssl.SSLContext, *_purpose: ssl.Purpose) -> None:
    """Nothing that the machine trusts is needed."""


def leave_unread(replace: Callable[[object, str, object], None]) -> None:
    """Put both in the place of those that read. replace: ``setattr`` or what undoes it later."""
    replace(ssl.SSLContext, "load_verify_locations", load_others)
    replace(ssl.SSLContext, "load_default_certs", load_none)
