"""The names that files may have where they are delivered."""

import re

from payment_core.ach.delivery.port import NameUnusable

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")

INBOUND_BYTES_MAX = 16 * 1024 * 1024
"""A return file of 100,000 records has 9.5 MB; what is larger is not read into memory."""

INBOUND_FILES_MAX = 1_000
"""So many names are looked at in one run; the bank's box is emptied by the bank."""


def checked_name(name: str) -> str:
    """The name; raises NameUnusable for one that could leave the directory or hide itself."""
    if _NAME.fullmatch(name) is None:
        raise NameUnusable(f"{name!r:.80}")
    return name
