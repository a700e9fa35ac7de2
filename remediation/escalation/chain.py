"""The way an incident takes through people: planned when it opens, and not changed by what is edited later."""

from enum import StrEnum

import msgspec

from remediation.escalation.notices import NoticeState, NoticeStatus, Target

STEPS_MAX = 100
"""Ten steps, ten rounds: what configuration allows."""
NOTICES_MAX = 400
"""Of one incident, kept in memory; what has ended goes first, the journal keeps them all."""


class PlannedStep(msgspec.Struct, frozen=True, kw_only=True):
    """at_ms: when it is due. level: whom it reaches, in words. tier: of support. targets: who that is at that time.

    action: what is tried at this step, such as ``rollback.traffic``; empty for none.
    """

    number: int
    at_ms: int
    level: str
    tier: str
    targets: tuple[Target, ...] = ()
    action: str = ""


class ChainState(StrEnum):
    """Where a chain stands. ``held``: something keeps it. ``spent``: everybody was told, and nobody answered."""

    RUNNING = "running"
    SPENT = "spent"
    ACKNOWLEDGED = "acknowledged"
    HELD = "held"
    OVER = "over"


class Chain(msgspec.Struct, frozen=True, kw_only=True):
    """What is done about telling people of one incident.

    generation: rises with each new plan; 0 when there was none yet, because it is held. severity: that it was planned
    for. done: the last step that is done. held_by: what keeps it, in words. ack_timeout_ms: how long who took it on
    may be silent; 0 for ever. notices: of all generations, oldest first.
    waits: something is to be sent now. settled: it is over, nothing waits, and whoever was told has heard so.
    outlived: somebody was told of an older generation and has not heard that there is another one.
    """

    incident_id: str
    generation: int = 0
    policy: str = ""
    severity: int = 0
    started_at_ms: int = 0
    why: str = ""
    steps: tuple[PlannedStep, ...] = ()
    ack_timeout_ms: int = 0
    done: int = 0
    state: ChainState = ChainState.RUNNING
    held_by: str = ""
    notices: tuple[NoticeState, ...] = ()
    waits: bool = False
    settled: bool = False
    outlived: bool = False

    @property
    def next_step(self) -> PlannedStep | None:
        """The step that is done next; None when the chain does not run, or everybody was told."""
        if self.state is not ChainState.RUNNING or self.done >= len(self.steps):
            return None
        return self.steps[self.done]

    @property
    def waiting(self) -> tuple[NoticeState, ...]:
        """What is to be sent now, oldest first."""
        return tuple(one for one in self.notices if one.status is NoticeStatus.WAITING)

    @property
    def levels_told(self) -> tuple[str, ...]:
        """Whom it reached so far, each once, in the order in which they were told."""
        return tuple(dict.fromkeys(one.level for one in self.steps[: self.done]))
