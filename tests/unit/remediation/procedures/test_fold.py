"""A run is what its entries say in the order of their numbers, however often and from wherever they come."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from remediation.folds import fold
from remediation.journal.entry import Entry, seal
from remediation.journal.kinds import draft
from remediation.journal.procedure_kinds import (
    ContinuityMeasured,
    ProcedureAnswered,
    ProcedureBegun,
    ProcedureBody,
    ProcedureEnded,
    ProcedureStepBegun,
    ProcedureStepEnded,
    RunEntry,
)
from remediation.procedures.fold import Place, place_of
from remediation.procedures.model import DRILLS_MAX, ENTRIES_MAX, RUNS_MAX, ProcedureRun, RunOutcome, StepState
from remediation.state import State

AT_MS = 1_790_000_000_000
RUN = "run-20261127t034500z-3fa9c1"
BEGUN = ProcedureBegun(
    run_id=RUN, number=1, said_at_ms=AT_MS, procedure="latency", digest="d", steps=("look", "kill"), incident_id="inc-7"
)
LOOKED = ProcedureStepBegun(run_id=RUN, number=2, said_at_ms=AT_MS, step="look", command=("tillwatch", "health"))
SEEN = ProcedureStepEnded(run_id=RUN, number=3, said_at_ms=AT_MS, step="look", state=StepState.PASSED, detail="exit 0")
ANSWERED = ProcedureAnswered(run_id=RUN, number=4, said_at_ms=AT_MS, about="kill", answer="yes")
KILLED = ProcedureStepBegun(run_id=RUN, number=5, said_at_ms=AT_MS, step="kill", command=("tillwatch", "flags"))
GONE = ProcedureStepEnded(run_id=RUN, number=6, said_at_ms=AT_MS, step="kill", state=StepState.PASSED, detail="so")
OVER = ProcedureEnded(run_id=RUN, number=7, said_at_ms=AT_MS, outcome=RunOutcome.DONE)
STORY: tuple[RunEntry, ...] = (BEGUN, LOOKED, SEEN, ANSWERED, KILLED, GONE, OVER)


@dataclass
class Journal:
    """Entries one behind the other, as a writer would put them."""

    state: State = field(default_factory=State)

    def say(self, *bodies: ProcedureBody, actor: str = "ann") -> State:
        """Fold them in."""
        for body in bodies:
            self.state = fold([self._entry(body, actor)], self.state)
        return self.state

    def _entry(self, body: ProcedureBody, actor: str) -> Entry:
        sequence = self.state.sequence + 1
        made = draft(body, actor=actor, at_ms=AT_MS + sequence)
        return seal(made, sequence=sequence, epoch=1, previous_hash=self.state.hash)


def told(*bodies: RunEntry) -> ProcedureRun:
    """The run after these."""
    return Journal().say(*bodies).procedures[RUN]


def test_a_run_says_who_walks_it_for_which_incident_and_where_it_stands() -> None:
    journal = Journal()
    journal.say(BEGUN, LOOKED, SEEN)
    run = journal.say(ANSWERED, actor="bob").procedures[RUN]
    assert (run.procedure, run.incident_id, run.begun_by, run.people) == ("latency", "inc-7", "ann", ("ann", "bob"))
    assert (run.stands_at, run.results["look"].state, run.answers[0].by) == ("kill", "passed", "bob")
    done = journal.say(KILLED, GONE, OVER)
    assert (done.procedures[RUN].stands_at, done.procedures[RUN].outcome) == ("", "done")
    assert done.procedures_done == {"latency": done.procedures[RUN].ended_at_ms}


@given(st.lists(st.integers(0, len(STORY) - 1), max_size=40))
@settings(max_examples=60, deadline=None)
def test_however_entries_come_the_run_is_a_beginning_of_its_story(order: list[int]) -> None:
    run = Journal().say(*(STORY[index] for index in order)).procedures.get(RUN)
    told_in_order = 0
    for index in order:
        told_in_order += index == told_in_order
    assert (0 if run is None else run.told) == told_in_order
    if run is not None:
        assert replace(run, ended_at_ms=0, changed_at_ms=0) == replace(
            told(*STORY[:told_in_order]), ended_at_ms=0, changed_at_ms=0
        )


def test_the_same_entry_is_known_again_also_when_it_comes_late_and_another_in_its_place_is_not() -> None:
    run = told(*STORY[:3])
    assert place_of(run, SEEN) is Place.KNOWN
    assert place_of(run, replace(SEEN, late=True)) is Place.KNOWN
    assert place_of(run, replace(SEEN, detail="other")) is Place.OTHER
    assert place_of(run, BEGUN) is Place.KNOWN
    assert place_of(run, ANSWERED) is Place.NEXT
    assert place_of(run, KILLED) is Place.GAP
    assert place_of(None, LOOKED) is Place.GAP
    assert place_of(told(*STORY), replace(OVER, number=8)) is Place.OVER
    assert place_of(replace(run, told=ENTRIES_MAX), replace(ANSWERED, number=ENTRIES_MAX + 1)) is Place.FULL


def test_a_step_that_was_begun_again_counts_its_attempts_and_nobody_knows_whether_it_was_done() -> None:
    failed = replace(SEEN, state=StepState.FAILED)
    run = told(BEGUN, LOOKED, failed, replace(LOOKED, number=4))
    assert (run.results["look"].state, run.results["look"].attempts, run.stands_at) == ("begun", 2, "look")


def test_a_step_that_the_procedure_does_not_have_moves_nothing() -> None:
    run = told(BEGUN, replace(LOOKED, step="other"))
    assert (run.results, run.told) == ({}, 2)


def test_of_too_many_runs_the_oldest_that_is_over_goes_first() -> None:
    journal = Journal()
    journal.say(*STORY)
    for number in range(RUNS_MAX):
        journal.say(replace(BEGUN, run_id=f"run-{number:06}"))
    assert len(journal.state.procedures) == RUNS_MAX
    assert RUN not in journal.state.procedures
    assert "run-000000" in journal.state.procedures


@pytest.mark.parametrize("count", [1, DRILLS_MAX + 3])
def test_the_newest_drills_are_kept(count: int) -> None:
    drill = ContinuityMeasured(
        drill_id="", scenario="region-loss", recovery_ms=9_000, objective_ms=300_000, lost_events=0, lost_payments=0,
        balanced=True, met=True, sha256="0" * 64, place="reports/x.json", said_at_ms=AT_MS,
    )  # fmt: skip
    state = Journal().say(*(replace(drill, drill_id=str(number)) for number in range(count)))
    assert [one.drill_id for one in state.drills] == [str(number) for number in range(count)][-DRILLS_MAX:]
