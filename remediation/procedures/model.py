"""The shapes of a run of a procedure: where it stands, and what came of each step."""

from enum import StrEnum

import msgspec

RUNS_MAX = 200
"""Kept in memory; those that ended go first, the journal keeps them all."""
ENTRIES_MAX = 400
"""Of one run: thirty steps, each tried again and again, and every question of a tree."""
DRILLS_MAX = 20
FIRST_NUMBER = 1


class StepState(StrEnum):
    """begun: nobody knows whether it was done. warned: it failed, and the procedure goes on without it.

    skipped: a person said that it is not to be done. undone: it was done, and taken back.
    """

    BEGUN = "begun"
    PASSED = "passed"
    WARNED = "warned"
    FAILED = "failed"
    SKIPPED = "skipped"
    UNDONE = "undone"


SETTLED = frozenset({StepState.PASSED, StepState.WARNED, StepState.SKIPPED, StepState.UNDONE})
"""Behind these the procedure goes on."""
DONE_STATES = SETTLED - {StepState.SKIPPED}
"""These say that something was done, which is for those alone who may do it."""


class RunOutcome(StrEnum):
    """done: every step is settled. failed: given up at a step that failed. abandoned: given up for another reason."""

    DONE = "done"
    FAILED = "failed"
    ABANDONED = "abandoned"


class StepResult(msgspec.Struct, frozen=True, kw_only=True):
    """attempts: how often it was begun. at_ms: when this was said. by: the person who said it.

    unasked: it was last begun where no daemon could ask who may do it, or nobody said that it was begun.
    """

    state: StepState
    detail: str
    attempts: int
    at_ms: int
    by: str
    unasked: bool = False


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What was answered, to which step or question, by whom."""

    about: str
    answer: str
    at_ms: int
    by: str


class ProcedureRun(msgspec.Struct, frozen=True, kw_only=True):
    """One run, from its begin to its end.

    told: the number of its newest entry. seals: of every entry so far, so that the same one that comes again is known,
    and another one in its place is refused. people: who did something in it. late: a part of it was written down
    elsewhere. ended_at_ms: 0 while it goes on.
    """

    id: str
    procedure: str
    digest: str
    steps: tuple[str, ...]
    parameters: dict[str, str]
    incident_id: str
    begun_by: str
    begun_at_ms: int
    told: int
    seals: tuple[str, ...]
    results: dict[str, StepResult] = {}
    answers: tuple[Answer, ...] = ()
    people: tuple[str, ...] = ()
    late: bool = False
    changed_at_ms: int = 0
    ended_at_ms: int = 0
    outcome: RunOutcome | None = None
    detail: str = ""

    @property
    def is_over(self) -> bool:
        """Whether nobody goes on with it."""
        return self.outcome is not None

    @property
    def stands_at(self) -> str:
        """The first step that is not settled; empty when all are."""
        return next((one for one in self.steps if not self.is_settled(one)), "")

    def is_allowed(self, step: str) -> bool:
        """Whether it was begun by somebody who may, so that it may end as done."""
        result = self.results.get(step)
        under_way = result is not None and result.state in {StepState.BEGUN, StepState.FAILED}
        return result is not None and under_way and not result.unasked

    def is_settled(self, step: str) -> bool:
        """Whether the procedure goes on behind this step."""
        result = self.results.get(step)
        return result is not None and result.state in SETTLED
