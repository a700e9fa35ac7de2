"""A journal, and what the outside is told of it: everything that is due is written, until nothing is."""

from config.load import DEFAULTS
from config.public.communication import Communication
from config.public.reading import Public, read_public
from config.public.status_page import StatusPage
from remediation.public.due import due
from remediation.public.state import LetterState, UpdateState
from tests.unit.remediation.incidents.telling import SECOND_MS, Told, breach

ROUNDS_MAX = 50
CONTACTS = {
    "providers": {"contacts": [{"channel": "mail", "address": "providers@lists.example.com"}]},
    "customers": {"contacts": [{"channel": "mail", "address": "a"}, {"channel": "hook", "address": "b"}]},
}


def shipped(**changes: object) -> Public:
    """What is packaged, with an audience that can be reached, and with other values of the page."""
    found, problems = read_public(None, DEFAULTS)
    assert found is not None, problems
    page = found.page.model_dump() | {"audiences": CONTACTS} | changes
    return Public(StatusPage.model_validate(page), found.communications)


def with_kind(public: Public, kind: str, **changes: object) -> Public:
    """The same with one communication changed."""
    changed = [
        Communication.model_validate(one.model_dump() | changes) if one.kind == kind else one
        for one in public.communications
    ]
    return Public(public.page, tuple(changed))


def burning(rule: str = "payment-failure-rate", severity: str = "critical", seconds: int = 60) -> Told:
    """An incident that has lasted so long."""
    return Told().say(breach(rule, severity)).later(seconds * SECOND_MS)


def settle(told: Told, public: Public) -> None:
    """Write what is due now."""
    for _ in range(ROUNDS_MAX):
        found = due(told.state, public, told.at_ms)
        if not found:
            return
        told.say(*found)
    raise AssertionError(f"something is due for ever: {due(told.state, public, told.at_ms)}")


def updates(told: Told) -> list[UpdateState]:
    """Words for the page, oldest first."""
    return list(told.state.public.updates.values())


def letters(told: Told) -> list[LetterState]:
    """Letters, oldest first."""
    return list(told.state.public.letters.values())


def standing(told: Told) -> list[tuple[str, str]]:
    """Phase and standing of each update."""
    return [(one.said.phase, one.standing.value) for one in updates(told)]
