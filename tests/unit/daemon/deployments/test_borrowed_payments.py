"""A quiet stage borrows test payments: so many a second, at the new version, while it is watched."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from msgspec.structs import replace

from checks.facts import Fact, HealthProbed
from daemon.deployments.borrowed_payments import BorrowedPayments
from daemon.errors import CheckpointFailed
from remediation.ports import DestinationHealth
from tests.unit.remediation.gates.scenes import context, step
from tests.unit.remediation.worlds import FakeClock

WATCHED = context(step(5))


@dataclass
class FakeCores:
    """Takes payments, or never ends one."""

    paid: list[tuple[str, str, int]] = field(default_factory=list)
    hangs: bool = False

    async def health(self, region: str, environment: str) -> DestinationHealth:
        """See Cores."""
        return DestinationHealth(healthy=True, detail=f"{region}/{environment}")

    async def pay(self, region: str, environment: str, number: int) -> HealthProbed:
        """See Cores."""
        if self.hangs:
            await asyncio.Event().wait()
        self.paid.append((region, environment, number))
        return HealthProbed(
            id=f"paid-{len(self.paid)}", at_ms=1, subject="aws-payment-processor", check="payment", status="healthy"
        )


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


async def test_so_many_a_second_are_paid_at_the_new_version_however_often_gates_are_read() -> None:
    cores, sink, clock = FakeCores(), FakeSink(), FakeClock()
    borrowed = BorrowedPayments(cores, sink, clock, lambda: 3)
    for _ in range(5):
        await borrowed.look(WATCHED)
        clock.at_ms += 500
    assert cores.paid == [("us-east-1", "green", number) for number in range(3)] * 3
    assert len(sink.facts) == 9


async def test_nothing_is_paid_when_nothing_is_borrowed_or_no_stage_is_watched() -> None:
    cores, sink, clock = FakeCores(), FakeSink(), FakeClock()
    await BorrowedPayments(cores, sink, clock, lambda: 0).look(WATCHED)
    for other in (replace(step(5), kind="shift"), replace(step(5), region="eu-west-1")):
        await BorrowedPayments(cores, sink, clock, lambda: 3).look(replace(WATCHED, step=other))
    assert cores.paid == []


async def test_payments_that_never_end_and_a_disk_that_is_full_stop_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("daemon.deployments.borrowed_payments.PAY_SECONDS", 0.01)
    sink, clock = FakeSink(), FakeClock()
    await BorrowedPayments(FakeCores(hangs=True), sink, clock, lambda: 1).look(WATCHED)
    await BorrowedPayments(FakeCores(), FakeSink(broken=True), clock, lambda: 1).look(WATCHED)
    assert sink.facts == []
