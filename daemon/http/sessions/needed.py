"""Which role a route needs by a table, and whether it is a page for people; pure."""

from collections.abc import Mapping
from typing import Literal

from config.settings import Role

Access = Role | Literal["open"]

NO_PAGES = frozenset(
    {"/console/stream", "/console/static/{name}", "/console/logout", "/console/login", "/console/codes"}
)
"""Below the console's address, and nothing that a person goes to."""


def is_page(pattern: str) -> bool:
    """Whether people open this route in a browser, so that whoever is not signed in is led to the form."""
    return pattern == "/console" or (pattern.startswith("/console/") and pattern not in NO_PAGES)


def needed_for(method: str, pattern: str, access: Mapping[str, Access]) -> Access | None:
    """The role that this method of the route needs; None: nobody may."""
    own = access.get(f"{method} {pattern}")
    return access.get(pattern) if own is None else own
