"""A restart at any moment gives the engine that would be there without it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import dropwhile

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from checks import state as states
from checks.compiled_rule import CompiledRule
from checks.engine import Engine
from checks.facts import PaymentAttempted
from checks.state import Part
from daemon.storage.checkpoint import Restored, StoredBatch
from daemon.storage.restart import TICK_MS, rebuilt
from daemon.storage.state_store import Found, Snapshot
from tests.unit.checks.conftest import Compile, compiled, load  # noqa: F401  # fixtures
from tests.unit.checks.histories import RULES, START_MS, History, Step, histories, told
from tests.unit.checks.rule_text import rule

LOG = "log"
MORE = RULES + rule("{ratio: \"outcome == 'failed'\", window: 10s}", identity="more", per="[rail]", breach="> 30%")

FAILING = [
    Step(
        at_ms,
        (
            PaymentAttempted(
                id=f"p{at_ms}",
                at_ms=at_ms,
                subject="p",
                environment="green",
                rail="card",
                outcome="failed",
                amount_cents=1,
            ),
        ),
    )
    for at_ms in range(START_MS, START_MS + 6_000, 1_000)
]
"""A failed payment every second."""


@dataclass
class Life:
    """A daemon without disk or loop: its engine, its log, and the time it was told last."""

    engine: Engine
    history: History
    batches: list[StoredBatch] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.told_ms = self.history[0].at_ms

    def pass_to(self, at_ms: int) -> None:
        """Tell the time every second, as a daemon does."""
        for moment_ms in range((self.told_ms // TICK_MS + 1) * TICK_MS, at_ms + 1, TICK_MS):
            self.engine.tick(moment_ms)
        self.told_ms = max(self.told_ms, at_ms)

    def take(self, step: Step) -> None:
        """Time passes until the step; its facts are recorded, then counted."""
        self.pass_to(step.at_ms)
        if step.facts:
            blob = msgspec.msgpack.encode(step.facts)
            self.batches.append(StoredBatch(len(self.batches) + 1, "queue", step.at_ms, blob))
            self.engine.observe(step.facts, step.at_ms)

    def snapshot(self) -> Snapshot:
        """As it comes back from the disk."""
        state = states.decode(states.encode(self.engine.snapshot()))
        return Snapshot(LOG, len(self.batches), self.told_ms, state)


def restored(batches: Sequence[StoredBatch], pruned_through: int = 0) -> Restored:
    """What a checkpoint gives back."""
    kept = tuple(batch for batch in batches if batch.sequence > pruned_through)
    return Restored(kept, LOG, pruned_through)


def restart(life: Life, rules: Sequence[CompiledRule], kept: Sequence[Snapshot], pruned_through: int = 0) -> Life:
    """Kill, and start anew from the snapshots and the log."""
    found = Found(tuple(reversed(kept)), ())
    again = rebuilt(rules, found, restored(life.batches, pruned_through), life.told_ms)
    assert again.sequence == len(life.batches)
    after = Life(again.engine, life.history, life.batches)
    after.told_ms = again.told_ms
    return after


def since_the_first_facts(history: History) -> History:
    """Without a snapshot nobody knows what time passed before them."""
    facts = list(dropwhile(lambda step: not step.facts, history))
    return facts if facts else FAILING


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    history=histories(40),
    keeps=st.sets(st.integers(0, 40), max_size=6),
    kills=st.sets(st.integers(0, 40), min_size=1, max_size=4),
    prunes=st.booleans(),
)
def test_an_engine_killed_at_any_points_equals_one_that_never_was(
    compiled: Compile,  # noqa: F811  # the fixture
    history: History,
    keeps: set[int],
    kills: set[int],
    prunes: bool,
) -> None:
    history = since_the_first_facts(history)
    steady, life = Life(Engine(compiled(RULES)), history), Life(Engine(compiled(RULES)), history)
    kept: list[Snapshot] = []
    for number, step in enumerate(history):
        steady.take(step)
        life.take(step)
        if number in keeps:
            kept = [*kept[-1:], life.snapshot()]
        if number in kills:
            # The log may be cut as far as the older of the two snapshots, and no restart notices.
            pruned_through = kept[0].sequence if prunes and kept else 0
            life = restart(life, compiled(RULES), kept, pruned_through)
            life.pass_to(steady.told_ms)
            assert told(life.engine) == told(steady.engine)
    end_ms = history[-1].at_ms + 20_000
    steady.pass_to(end_ms)
    life.pass_to(end_ms)
    assert told(life.engine) == told(steady.engine)


@settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=histories(30), keep=st.integers(0, 29), kill=st.integers(0, 29))
def test_a_rule_that_is_new_after_a_restart_knows_what_the_log_holds_and_the_others_what_they_knew(
    compiled: Compile,  # noqa: F811  # the fixture
    history: History,
    keep: int,
    kill: int,
) -> None:
    history = since_the_first_facts(history)
    steady, life = Life(Engine(compiled(MORE)), history), Life(Engine(compiled(RULES)), history)
    kept: list[Snapshot] = []
    for number, step in enumerate(history[: kill + 1]):
        steady.take(step)
        life.take(step)
        if number == keep:
            kept = [life.snapshot()]
    after = restart(life, compiled(MORE), kept)
    after.pass_to(steady.told_ms)
    assert told(after.engine) == told(steady.engine)


def elsewhere(one: Snapshot) -> Snapshot:
    return Snapshot("another", one.sequence, one.at_ms, one.engine)


def ahead(one: Snapshot) -> Snapshot:
    return Snapshot(LOG, one.sequence + 1, one.at_ms, one.engine)


def unreadable(one: Snapshot) -> Snapshot:
    parts = tuple(Part(about=part.about, counted=part.counted, body=b"\x90") for part in one.engine.parts)
    return Snapshot(LOG, one.sequence, one.at_ms, replace(one.engine, parts=parts))


@pytest.mark.parametrize(
    ("changed", "problem"),
    [(elsewhere, "another log"), (ahead, "another log"), (unreadable, "cannot be read")],
)
def test_a_snapshot_that_does_not_fit_is_named_and_the_one_before_it_or_the_log_is_used(
    compiled: Compile,  # noqa: F811  # the fixture
    changed: Callable[[Snapshot], Snapshot],
    problem: str,
) -> None:
    life = Life(Engine(compiled(RULES)), FAILING)
    kept = []
    for step in FAILING:
        life.take(step)
        kept.append(life.snapshot())
    bad = changed(kept[-1])
    for before in ([], [kept[2]]):
        again = rebuilt(compiled(RULES), Found((bad, *before), ()), restored(life.batches), life.told_ms)
        assert problem in again.problems[0]
        assert told(again.engine) == told(life.engine)


def test_facts_that_were_forgotten_after_the_snapshot_are_said_to_be_missing(
    compiled: Compile,  # noqa: F811  # the fixture
) -> None:
    life = Life(Engine(compiled(RULES)), FAILING)
    life.take(FAILING[0])
    early = life.snapshot()
    for step in FAILING[1:]:
        life.take(step)
    again = rebuilt(compiled(RULES), Found((early,), ()), restored(life.batches, 3), life.told_ms)
    assert any("facts after place 1 were forgotten up to 3" in problem for problem in again.problems)
    assert again.sequence == 6


def test_without_facts_or_snapshots_an_engine_begins_empty(compiled: Compile) -> None:  # noqa: F811  # the fixture
    again = rebuilt(compiled(RULES), Found((), ("x.state: damaged",)), restored([]), START_MS)
    assert (again.sequence, again.told_ms, again.problems) == (0, START_MS, ("x.state: damaged",))
    assert again.engine.observed_facts == 0
