"""What was said to the outside, and for how long somebody watched; each list with its limit."""

from enum import StrEnum

import msgspec

from remediation.journal.public_kinds import CommunicationProposed, StatusProposed
from remediation.public.coverage import Coverage

UPDATES_MAX = 2_000
"""Ninety days of some twenty a day; the page shows no more."""
LETTERS_MAX = 1_000


class Standing(StrEnum):
    """How far words are. ``waiting``: for a person; ``open``: approved, and not yet with all contacts.

    ``failed``: some contact will never have it.
    """

    WAITING = "waiting"
    REJECTED = "rejected"
    OPEN = "open"
    DONE = "done"
    FAILED = "failed"


class UpdateState(msgspec.Struct, frozen=True, kw_only=True):
    """Words for the page. by: who proposed them. answered_by: who published or rejected them, empty until then.

    seal: the hash of the entry that proposed them, which never goes outside.
    """

    id: str
    said: StatusProposed
    by: str
    at_ms: int
    seal: str = ""
    standing: Standing = Standing.WAITING
    answered_by: str = ""
    answered_at_ms: int = 0
    why: str = ""


class LetterState(msgspec.Struct, frozen=True, kw_only=True):
    """A letter. contacts: to whom it goes. begun: those it was handed to; sent, failed: that have it, or never will."""

    id: str
    said: CommunicationProposed
    by: str
    at_ms: int
    standing: Standing = Standing.WAITING
    answered_by: str = ""
    answered_at_ms: int = 0
    why: str = ""
    contacts: tuple[str, ...] = ()
    begun: tuple[str, ...] = ()
    sent: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    detail: str = ""

    @property
    def left(self) -> tuple[str, ...]:
        """The contacts that are to have it and do not yet."""
        return tuple(one for one in self.contacts if one not in self.sent and one not in self.failed)

    @property
    def key(self) -> tuple[str, str, str]:
        """Of one incident a letter goes to one audience once."""
        return self.said.subject_id, self.said.kind, self.said.letter


class PublicBook(msgspec.Struct, frozen=True, kw_only=True):
    """updates, letters: by id, oldest first. coverage: when a daemon watched."""

    updates: dict[str, UpdateState] = {}
    letters: dict[str, LetterState] = {}
    coverage: Coverage = Coverage()

    def updates_by_subject(self) -> dict[str, list[UpdateState]]:
        """Everything that was to be said of each, oldest first."""
        found: dict[str, list[UpdateState]] = {}
        for one in self.updates.values():
            found.setdefault(one.said.subject_id, []).append(one)
        return found

    def letter_of(self, key: tuple[str, str, str]) -> LetterState | None:
        """The newest letter of this key."""
        return next((one for one in reversed(self.letters.values()) if one.key == key), None)
