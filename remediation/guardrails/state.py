"""The shapes that the journal's words about the limits of automation fold into."""

import msgspec

APPROVALS_MAX = 200
"""Kept in memory; those that are over go first, the journal keeps them all."""
ACTS_MAX = 8
"""Times of actions on one target that are kept: as many as ``guard.repeats`` may be."""


class StopState(msgspec.Struct, frozen=True, kw_only=True):
    """A person stopped automation. by: the name of their token."""

    by: str
    reason: str
    at_ms: int


class StormState(msgspec.Struct, frozen=True, kw_only=True):
    """The newest storm. ended_at_ms: 0 while it lasts; what happened before it counts for no other storm."""

    why: str
    began_at_ms: int
    ended_at_ms: int = 0

    @property
    def lasts(self) -> bool:
        """Whether automation is held back by it."""
        return self.ended_at_ms == 0


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """One person's yes."""

    by: str
    at_ms: int
    note: str = ""


class ApprovalState(msgspec.Struct, frozen=True, kw_only=True):
    """One question to people. id: ``apr-`` and the sequence of its entry. void: something else is asked instead now.

    Fields as in ``remediation.journal.guardrail_kinds.ApprovalAsked``. refused_by: empty while nobody did.
    """

    id: str
    change: str
    subject: str
    digest: str
    what: str
    requested_by: str
    needed: int
    asked_at_ms: int
    expires_at_ms: int
    given: tuple[Answer, ...] = ()
    refused_by: str = ""
    refused_why: str = ""
    void: bool = False


class RiskState(msgspec.Struct, frozen=True):
    """Money that was put at risk, once. subject: by what, as the journal names it."""

    at_ms: int
    cents: int
    subject: str = ""
