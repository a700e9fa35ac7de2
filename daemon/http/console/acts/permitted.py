"""Shows a page to a role: what is rendered once for everybody names the role that each button needs; pure."""

from config.settings import Role
from daemon.http.sessions.authority import ROLES

_NEEDS = 'data-needs="{}"'
"""No text of others can look so: a quotation mark in it is escaped."""


def permitted(html: str, role: Role) -> str:
    """The page with the buttons marked that this role may not use, and why. They open and explain themselves still."""
    for needed in ROLES[ROLES.index(role) + 1 :]:
        mark = _NEEDS.format(needed)
        html = html.replace(mark, f'{mark} aria-disabled="true" title="This needs the role {needed}; you are {role}"')
    return html
