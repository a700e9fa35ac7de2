"""A rolled-back release is looked over, people approve, and every payment of it is put right once."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from checks.facts import Fact, PaymentAttempted, PaymentRequested
from config.guardrails import ApprovalRule, Approvals
from daemon.aftermath.affected import AffectedPayments
from daemon.aftermath.compensations import AGAIN_MS, SETTLE_MS, Compensations
from daemon.storage.checkpoint import Checkpoint
from remediation.compensation.applying import Compensating, key_of
from remediation.compensation.model import Fix, PaymentRecord
from remediation.compensation.proposing import RESERVED
from remediation.compensation.state import COMPENSATIONS_MAX
from remediation.errors import WorldRefused, WorldUnreachable
from remediation.journal.aftermath_kinds import CompensationBegun
from remediation.journal.guardrail_kinds import ApprovalGiven, ApprovalRefused
from remediation.journal.memory import MemoryJournal
from remediation.journal.writer import JournalWriter
from remediation.state import DeploymentState
from tests.unit.remediation.compensation.books import Books, record
from tests.unit.remediation.worlds import LEASE_MS, NOW_MS, FakeClock, deployment

DAY_MS = 86_400_000


def told(payment_id: str, outcome: str, **more: object) -> PaymentAttempted:
    known: dict[str, object] = {
        "id": f"evt-{payment_id}",
        "at_ms": NOW_MS - 1_000,
        "subject": payment_id,
        "rail": "card",
        "amount_cents": 1250,
        "environment": "green",
        "version": "2.0.0",
        "customer_id": f"cus-{payment_id}",
        "provider_id": "pro_1",
        "outcome": outcome,
    }
    return PaymentAttempted(**(known | more))  # type: ignore[arg-type]  # the tests give the right types


@dataclass
class House:
    """A daemon's parts around one payment core."""

    checkpoint: Checkpoint
    books: Books
    clock: FakeClock
    writer: JournalWriter
    service: Compensations
    journal: MemoryJournal

    async def roll_back(self) -> DeploymentState:
        """The release is rolled back now, and a tick finds it settled."""
        await self.writer.append(deployment(status="rolled_back", at_ms=self.clock.now_ms()))
        await self.clock.sleep(SETTLE_MS / 1000)
        await self.service.tick()
        return self.writer.state.deployments["dep-1"]

    async def approve(self, *people: str) -> None:
        """These people say yes to the newest question."""
        newest = list(self.writer.state.approvals.values())[-1]
        for person in people:
            await self.writer.append(ApprovalGiven(approval_id=newest.id, digest=newest.digest), actor=person)

    def fixes(self) -> dict[str, Fix]:
        """What is listed, by payment."""
        return {one.payment_id: one.fix for one in self.writer.state.compensations["dep-1"].payments}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """Four payments of 2.0.0 on green, of which one is as it was told; and one of 1.0.0 that failed."""
    checkpoint = await Checkpoint.open(tmp_path / "checkpoint.db", DAY_MS)
    facts: list[Fact] = [
        told("pay_1", "failed"),
        PaymentRequested(
            id="evt-pay_2",
            at_ms=NOW_MS - 1_000,
            subject="pay_2",
            rail="card",
            amount_cents=1250,
            environment="green",
            version="2.0.0",
        ),
        told("pay_3", "failed"),
        told("pay_4", "succeeded"),
        told("pay_5", "failed", environment="blue", version="1.0.0"),
    ]
    await checkpoint.record(facts, "queue", NOW_MS)
    books = Books(
        {
            "pay_1": record("pay_1", customer_id="cus-pay_1", status="succeeded", captured_cents=1250),
            "pay_2": record("pay_2", customer_id="cus-pay_2", status=RESERVED),
            "pay_3": record("pay_3", customer_id="cus-pay_3"),
            "pay_4": record("pay_4", customer_id="cus-pay_4", status="succeeded", captured_cents=1250),
            "pay_5": record("pay_5", customer_id="cus-pay_5"),
        }
    )
    clock, journal = FakeClock(), MemoryJournal()
    writer = await JournalWriter.open(journal, await journal.acquire_lease("here", 100 * LEASE_MS, NOW_MS), clock)
    await writer.append(deployment())
    service = Compensations(
        AffectedPayments(checkpoint, books),
        Compensating(books, writer, clock),
        writer,
        clock,
        lambda: Approvals(payment_fixes=ApprovalRule(needed=2)),
    )
    yield House(checkpoint, books, clock, writer, service, journal)
    await checkpoint.close()


async def test_only_the_payments_that_the_release_left_wrong_are_listed_each_with_its_fix(house: House) -> None:
    await house.service.tick()
    assert house.writer.state.compensations == {}, "nothing was rolled back"
    await house.roll_back()
    assert house.fixes() == {"pay_1": Fix.REFUND, "pay_2": Fix.VOID, "pay_3": Fix.RESEND}
    (question,) = house.writer.state.approvals.values()
    words = "payments that 2.0.0 on green left wrong: refund 1 ($12.50), void 1 ($12.50), resend 1 ($12.50)"
    assert question.what == words


async def test_nothing_is_done_before_two_people_have_approved_and_all_of_it_once_after(house: House) -> None:
    await house.roll_back()
    await house.service.tick()
    await house.approve("ann")
    await house.service.tick()
    assert house.books.calls == 0
    await house.approve("bob")
    await house.service.tick()
    await house.service.tick()
    assert (house.books.calls, len(house.books.made)) == (3, 3)
    assert house.books.records["pay_5"] == record("pay_5", customer_id="cus-pay_5")


async def test_a_payer_who_came_back_after_the_approval_is_not_charged_again(house: House) -> None:
    await house.roll_back()
    await house.approve("ann", "bob")
    back = told("pay_6", "succeeded", customer_id="cus-pay_3", at_ms=NOW_MS, environment="blue", version="1.0.0")
    await house.checkpoint.record([back], "queue", house.clock.now_ms())
    await house.service.tick()
    fix = house.writer.state.compensations["dep-1"].fixes["pay_3"]
    assert (fix.done, fix.detail) == (
        False,
        "by now it would be none of 0 cents: failed, and the payer has paid since by pay_6",
    )
    assert "pay_3-again" not in house.books.records


async def test_a_log_that_has_forgotten_the_release_makes_nothing_right_and_charges_nobody_again(house: House) -> None:
    await house.roll_back()
    await house.approve("ann", "bob")
    await house.checkpoint.prune(NOW_MS + 3 * DAY_MS)
    await house.service.tick()
    fixes = house.writer.state.compensations["dep-1"].fixes
    assert (fixes["pay_1"].done, fixes["pay_2"].done) == (True, True), "their own records say what is wrong"
    assert (fixes["pay_3"].done, "no longer says whether the payer has paid since" in fixes["pay_3"].detail) == (
        False,
        True,
    )
    assert "pay_3-again" not in house.books.records


async def test_a_release_that_is_older_than_the_log_is_not_said_to_have_left_nothing_wrong(house: House) -> None:
    await house.checkpoint.prune(NOW_MS + 3 * DAY_MS)
    await house.roll_back()
    entry = (await house.journal.read(0, 1000))[-1]
    assert (entry.kind, entry.fields["from_the_beginning"], entry.fields["payments"]) == (
        "compensation.listed",
        False,
        [],
    )


async def test_a_list_with_payments_that_wait_is_made_again_and_needs_a_new_approval(house: House) -> None:
    house.books.records["pay_1"] = record(status="processing")
    await house.roll_back()
    assert house.fixes()["pay_1"] is Fix.WAIT
    await house.approve("ann")
    house.books.records["pay_1"] = record(status="succeeded", captured_cents=1250)
    await house.service.tick()
    assert house.fixes()["pay_1"] is Fix.WAIT, "not yet a minute later"
    await house.clock.sleep(AGAIN_MS / 1000)
    await house.service.tick()
    assert house.fixes()["pay_1"] is Fix.REFUND
    await house.approve("bob")
    await house.service.tick()
    assert house.books.calls == 0, "ann approved another list"


async def test_a_core_that_is_away_is_asked_again_and_the_list_stays_while_a_fix_is_under_way(house: House) -> None:
    release = await house.roll_back()
    await house.approve("ann", "bob")
    house.books.silent = 3
    await house.service.tick()
    under_way = house.writer.state.compensations["dep-1"]
    assert await house.service.list_payments(release, "ann") is under_way
    await house.service.tick()
    assert len(house.books.made) == 3
    assert all(fix.done for fix in house.writer.state.compensations["dep-1"].fixes.values())


async def test_a_core_that_is_away_when_its_payments_are_looked_at_is_asked_again_at_the_next_tick(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(_: str) -> PaymentRecord | None:
        raise WorldUnreachable("no route")

    monkeypatch.setattr(house.books, "payment", away)
    await house.roll_back()
    assert house.writer.state.compensations == {}
    monkeypatch.undo()
    await house.service.tick()
    assert len(house.fixes()) == 3


async def test_a_release_that_left_nothing_wrong_is_listed_as_such_and_asks_nobody(house: House) -> None:
    for name in ("pay_1", "pay_2", "pay_3"):
        house.books.records[name] = record(name, status="canceled")
    await house.roll_back()
    assert (house.fixes(), house.writer.state.approvals) == ({}, {})
    sequence = house.writer.state.sequence
    await house.clock.sleep(AGAIN_MS / 1000)
    await house.service.tick()
    assert house.writer.state.sequence == sequence, "it is said once"


@pytest.mark.parametrize("withdrawn", ["refused", "expired"])
async def test_when_the_yes_no_longer_holds_only_what_was_begun_is_finished(house: House, withdrawn: str) -> None:
    await house.roll_back()
    await house.approve("ann", "bob")
    (listed,) = house.writer.state.compensations.values()
    first = listed.payments[0]
    begun = CompensationBegun(
        deployment_id="dep-1",
        payment_id=first.payment_id,
        fix=first.fix,
        amount_cents=first.amount_cents,
        key=key_of("dep-1", first),
    )
    await house.writer.append(begun)
    (question,) = house.writer.state.approvals.values()
    if withdrawn == "refused":
        await house.writer.append(ApprovalRefused(approval_id=question.id, reason="wait"), actor="carl")
    else:
        house.clock.at_ms = question.expires_at_ms
        house.writer.renewed(await house.journal.renew_lease(house.writer.lease, 100 * LEASE_MS, house.clock.now_ms()))
    await house.service.tick()
    await house.service.tick()
    fixes = house.writer.state.compensations["dep-1"].fixes
    assert {name: fix.done for name, fix in fixes.items()} == {first.payment_id: True}
    assert house.books.calls == 1


async def test_more_releases_than_lists_are_kept_for_are_listed_once_each_and_not_in_turns(house: House) -> None:
    for number in range(COMPENSATIONS_MAX + 3):
        taken_back = {"subject": f"rel-{number}", "environment": f"env-{number}", "status": "rolled_back"}
        await house.writer.append(deployment(at_ms=NOW_MS + number, **taken_back))
    await house.clock.sleep(SETTLE_MS / 1000 + 1)
    await house.service.tick()
    sequence = house.writer.state.sequence
    for _ in range(3):
        await house.service.tick()
    assert house.writer.state.sequence == sequence
    assert list(house.writer.state.compensations) == [f"rel-{number}" for number in range(3, COMPENSATIONS_MAX + 3)]


async def test_what_a_full_list_had_no_room_for_is_listed_next_and_nothing_is_left_out(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("daemon.aftermath.compensations.LISTED_MAX", 1)
    house.books.records["pay_1"] = record("pay_1")
    await house.roll_back()
    listed = []
    for _ in range(3):
        listed.append(house.fixes())
        await house.approve("ann", "bob")
        await house.service.tick()
        await house.service.tick()
        assert house.fixes() == listed[-1], "not yet a minute later"
        await house.clock.sleep(AGAIN_MS / 1000)
        await house.service.tick()
    assert listed == [{"pay_1": Fix.RESEND}, {"pay_2": Fix.VOID}, {"pay_3": Fix.RESEND}]
    assert (house.books.calls, len(house.books.made)) == (3, 3)


async def test_a_list_that_waits_is_looked_at_once_a_minute_also_when_it_stays_the_same(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.books.records["pay_1"] = record(status="processing")
    await house.roll_back()
    looked: list[str] = []
    payment = house.books.payment

    async def counted(payment_id: str) -> PaymentRecord | None:
        looked.append(payment_id)
        return await payment(payment_id)

    monkeypatch.setattr(house.books, "payment", counted)
    for _ in range(24):
        await house.clock.sleep(5)
        await house.service.tick()
    assert looked.count("pay_1") == 2


async def test_a_release_that_cannot_be_looked_at_keeps_no_other_from_its_list(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment = house.books.payment

    async def refused(payment_id: str) -> PaymentRecord | None:
        if payment_id == "pay_1":
            raise WorldRefused("AccessDenied")
        return await payment(payment_id)

    monkeypatch.setattr(house.books, "payment", refused)
    other = {"subject": "dep-2", "environment": "blue", "version": "1.0.0", "previous_environment": "green"}
    await house.writer.append(deployment(status="rolled_back", at_ms=NOW_MS, **other))
    await house.roll_back()
    assert list(house.writer.state.compensations) == ["dep-2"]
