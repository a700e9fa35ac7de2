"""While a deployment runs its releases are looked at: payments against the rail, stored cards that open."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from checks.facts import Fact, Reconciled, TokensOpened
from daemon.deployments.release_looks import EVERY_SECONDS, ReleaseLooks
from daemon.errors import CheckpointFailed, CoreUnreachable, DaemonError, NotAsked
from daemon.probes.core_client import OpenedKey, Reconciliation, ReleaseReconciliation, SealedToken, Tokens
from tests.unit.remediation.gates.scenes import context, step
from tests.unit.remediation.worlds import FakeClock

WATCHED = context(step(5))
GREEN = ReleaseReconciliation("green", "2.0.0", "us-east-1", 50, 1, 2, "pay_9")


@dataclass
class FakeCore:
    """A core that answers, or does not."""

    fault: DaemonError | None = None
    asked: int = 0
    failed: int = 0
    strands: bool = False
    hangs: bool = False
    sealed: list[str] = field(default_factory=list)

    async def reconciliation(self) -> Reconciliation:
        """See ReleaseDoor."""
        self.asked += 1
        if self.hangs:
            await asyncio.Event().wait()
        if self.fault is not None:
            raise self.fault
        return Reconciliation([GREEN])

    async def tokens(self, token: str = "") -> Tokens:
        """See ReleaseDoor."""
        if self.fault is not None:
            raise self.fault
        if token:
            return Tokens([OpenedKey("dk_1", 1 - self.strands, int(self.strands), token)])
        return Tokens([OpenedKey("dk_1", 5 - self.failed, self.failed, "tok_1"), OpenedKey("dk_0", 0, 0)])

    async def seal_test_card(self, key: str) -> SealedToken:
        """See ReleaseDoor."""
        self.sealed.append(key)
        if self.fault is not None:
            raise self.fault
        return SealedToken("tok_new")


@dataclass
class FakeSink:
    """Keeps the facts, or has no disk."""

    facts: list[Fact] = field(default_factory=list)
    broken: bool = False

    async def accept(self, facts: Sequence[Fact], source: str) -> None:
        """See Sink."""
        if self.broken:
            raise CheckpointFailed(source)
        self.facts += facts


def told(sink: FakeSink, kind: type[Fact]) -> list[Fact]:
    return [fact for fact in sink.facts if isinstance(fact, kind)]


async def test_the_old_release_speaks_of_all_payments_and_each_release_of_the_cards_it_opens() -> None:
    sink, blue, green = FakeSink(), FakeCore(), FakeCore(failed=2)
    await ReleaseLooks({"blue": blue, "green": green}, sink, FakeClock()).look(WATCHED)
    assert (blue.asked, green.asked) == (1, 0)
    (reconciled,) = told(sink, Reconciled)
    assert isinstance(reconciled, Reconciled)
    assert (reconciled.environment, reconciled.version) == ("green", "2.0.0")
    assert (reconciled.examined, reconciled.unknown, reconciled.mismatched) == (50, 1, 2)
    opened = {fact.reader: fact for fact in told(sink, TokensOpened) if isinstance(fact, TokensOpened)}
    assert {name: (fact.subject, fact.opened, fact.failed) for name, fact in opened.items()} == {
        "blue": ("dk_1", 6, 0),
        "green": ("dk_1", 4, 2),
    }


async def test_what_the_new_release_has_just_sealed_the_old_one_has_to_open() -> None:
    sink, blue, green, clock = FakeSink(), FakeCore(strands=True), FakeCore(), FakeClock()
    looks = ReleaseLooks({"blue": blue, "green": green}, sink, clock)
    await looks.look(WATCHED)
    clock.at_ms += 15_000
    await looks.look(WATCHED)
    assert blue.sealed == []
    assert green.sealed == [f"dep-1:{WATCHED.step.id}"] * 2
    found = [fact for fact in told(sink, TokensOpened) if isinstance(fact, TokensOpened) and fact.reader == "blue"]
    assert [(fact.failed, fact.example) for fact in found] == [(1, "tok_new")] * 2


async def test_an_old_release_that_does_not_know_the_question_leaves_it_to_the_new_one() -> None:
    sink, blue, green = FakeSink(), FakeCore(NotAsked("404")), FakeCore()
    await ReleaseLooks({"blue": blue, "green": green}, sink, FakeClock()).look(WATCHED)
    assert green.asked == 1
    assert len(told(sink, Reconciled)) == 1


@pytest.mark.parametrize("fault", [CoreUnreachable("gone"), None])
async def test_an_old_release_that_is_away_tells_nothing_and_the_new_one_does_not_speak_for_it(
    fault: DaemonError | None,
) -> None:
    sink, green = FakeSink(), FakeCore()
    cores = {"green": green} if fault is None else {"blue": FakeCore(fault), "green": green}
    await ReleaseLooks(cores, sink, FakeClock()).look(WATCHED)
    assert len(told(sink, Reconciled)) == (1 if fault is None else 0)
    assert {fact.reader for fact in told(sink, TokensOpened) if isinstance(fact, TokensOpened)} == {"green"}


async def test_a_region_is_looked_at_every_fifteen_seconds_however_often_its_gates_are_read() -> None:
    sink, blue, clock = FakeSink(), FakeCore(), FakeClock()
    looks = ReleaseLooks({"blue": blue}, sink, clock)
    for _ in range(31):
        await looks.look(WATCHED)
        clock.at_ms += 1_000
    assert blue.asked == 1 + 30 // round(EVERY_SECONDS)


async def test_the_cores_of_another_region_are_asked_by_their_own_names() -> None:
    sink, blue, west = FakeSink(), FakeCore(), FakeCore()
    await ReleaseLooks({"blue": blue, "us-east-1/blue": west}, sink, FakeClock(), home="us-west-2").look(WATCHED)
    assert (blue.asked, west.asked) == (0, 1)


async def test_what_came_before_a_look_was_cut_is_kept_and_the_rest_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("daemon.deployments.release_looks.LOOK_SECONDS", 0.01)
    sink, blue, clock = FakeSink(), FakeCore(hangs=True), FakeClock()
    looks = ReleaseLooks({"blue": blue, "green": FakeCore()}, sink, clock)
    missing = await looks.look(WATCHED)
    assert missing == {Reconciled: "not all of it was told within 0.01 s"}
    assert {fact.reader for fact in told(sink, TokensOpened) if isinstance(fact, TokensOpened)} == {"blue", "green"}
    clock.at_ms += 14_000
    assert await looks.look(WATCHED) == missing
    blue.hangs = False
    clock.at_ms += 1_000
    assert await looks.look(WATCHED) == {}


async def test_a_release_that_does_not_tell_of_its_cards_keeps_what_the_other_told() -> None:
    sink = FakeSink()
    missing = await ReleaseLooks(
        {"blue": FakeCore(), "green": FakeCore(CoreUnreachable("gone"))}, sink, FakeClock()
    ).look(WATCHED)
    assert list(missing) == [TokensOpened]
    assert "gone" in missing[TokensOpened]
    assert {fact.reader for fact in told(sink, TokensOpened) if isinstance(fact, TokensOpened)} == {"blue"}


async def test_payments_that_no_release_can_reconcile_are_missing() -> None:
    cores = {"blue": FakeCore(NotAsked("404")), "green": FakeCore(NotAsked("403"))}
    missing = await ReleaseLooks(cores, FakeSink(), FakeClock()).look(WATCHED)
    assert "403" in missing[Reconciled]
    nowhere = await ReleaseLooks({}, FakeSink(), FakeClock()).look(WATCHED)
    assert all("no address" in why for why in nowhere.values())


async def test_looks_that_cannot_be_recorded_are_made_again_and_stop_nobody() -> None:
    sink, blue, clock = FakeSink(broken=True), FakeCore(), FakeClock()
    looks = ReleaseLooks({"blue": blue}, sink, clock)
    assert set(await looks.look(WATCHED)) == {Reconciled, TokensOpened}
    sink.broken = False
    clock.at_ms += 15_000
    await looks.look(WATCHED)
    assert sink.facts
