"""One runner at a time; pause, take-over and undo; what waits in quarantine, and what comes by the feed."""

import asyncio
from collections.abc import Awaitable, Callable

import msgspec
import pytest

from payment_core.customers.model import Customer
from payment_core.errors import StoreClosed
from payment_core.ledger.accounts import BANK, PROVIDER_AVAILABLE
from payment_core.ledger.journals import Journal, Move
from payment_core.methods.model import PaymentMethod, VaultKey
from payment_core.migration.engine.acts import cancel, pause
from payment_core.migration.engine.claiming import Asked, Claimant
from payment_core.migration.errors import (
    ExportChanged,
    JobHeld,
    JobInterrupted,
    LeaseLost,
    NotYet,
    PastReturn,
    RunnerBusy,
    StillNeeded,
    SumTooLarge,
)
from payment_core.migration.export.errors import CipherDamaged, ManifestUnusable
from payment_core.migration.export.kinds import Kind
from payment_core.migration.jobs.history.recipe import balance_account
from payment_core.migration.limits import Limits
from payment_core.migration.model import MigrationRun, Moved, moved_id
from payment_core.migration.names import JobName, JobState, Outcome
from payment_core.migration.status import JobStatus
from payment_core.store.port import LedgerStore
from tests.contract.migration.bent_stores import FailingStore
from tests.contract.migration.invented import (
    MADE_AT_MS,
    Invented,
    balance_transaction,
    card,
    card_number,
    customers,
    record,
    whole,
)
from tests.contract.migration.worlds import ACTOR, World, contents, reconciled, run_all

LATER_MS = MADE_AT_MS + 60_000

Act = Callable[[LedgerStore, Claimant, JobName, str], Awaitable[None]]


async def test_a_second_runner_is_refused_and_one_that_takes_over_stops_the_first(plain: World) -> None:
    source, first, second = whole(12), plain.runner(), plain.runner()
    has_begun = asyncio.Event()

    async def lose_it() -> None:
        with pytest.raises(LeaseLost):
            await first.run(JobName.CUSTOMERS, source, plain.limits, on_progress=lambda _status: has_begun.set())

    async with asyncio.TaskGroup() as group:
        group.create_task(lose_it())
        await has_begun.wait()
        status = await second.run(JobName.CUSTOMERS, source, plain.limits, Asked(resume=True))
    assert (status.state, status.counts.moved, status.source) == (JobState.DONE, 12, status.target)


async def test_a_runner_without_a_take_over_waits_until_the_lease_is_over(plain: World) -> None:
    source = whole(2)
    run = MigrationRun(
        id=JobName.CUSTOMERS.value,
        state=JobState.RUNNING,
        runner="somebody",
        epoch=1,
        export=source.identity,
        lease_until_ms=plain.clock.now_ms() + 5_000,
    )
    await plain.store.transact(lambda transaction: transaction.put(run), "somebody")
    with pytest.raises(RunnerBusy, match="5 s more"):
        await plain.runner().run(JobName.CUSTOMERS, source, plain.limits)
    plain.clock.wall_ms += 5_001
    assert (await plain.runner().run(JobName.CUSTOMERS, source, plain.limits)).state is JobState.DONE


@pytest.mark.parametrize(("act", "state"), [(pause, JobState.PAUSED), (cancel, JobState.CANCELED)])
async def test_a_job_that_is_paused_or_ended_stops_behind_its_batch_and_is_resumed_there(
    plain: World, act: Act, state: JobState
) -> None:
    source, runner = whole(12), plain.runner()
    has_begun = asyncio.Event()

    async def be_stopped() -> None:
        with pytest.raises(JobInterrupted, match=state.value):
            await runner.run(JobName.CUSTOMERS, source, plain.limits, on_progress=lambda _status: has_begun.set())

    async with asyncio.TaskGroup() as group:
        group.create_task(be_stopped())
        await has_begun.wait()
        await act(plain.store, plain.runner().claimant(Limits()), JobName.CUSTOMERS, ACTOR)
    assert (await runner.status(JobName.CUSTOMERS)).state is state
    with pytest.raises(JobHeld, match="--resume"):
        await plain.runner().run(JobName.CUSTOMERS, source, plain.limits)
    status = await plain.runner().run(JobName.CUSTOMERS, source, plain.limits, Asked(resume=True))
    assert (status.state, status.counts.read, status.counts.moved) == (JobState.DONE, 12, 12)


async def test_a_job_that_needs_another_waits_for_it_and_another_export_does_not_mix(plain: World) -> None:
    source = whole(6)
    with pytest.raises(NotYet, match="customers"):
        await plain.runner().run(JobName.PAYMENT_METHODS, source, plain.limits)
    runner = plain.runner()

    def stop(_status: JobStatus) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await runner.run(JobName.CUSTOMERS, source, plain.limits, on_progress=stop)
    other = msgspec.structs.replace(await _run(plain), export="f" * 64)
    await plain.store.transact(lambda transaction: transaction.put(other), "somebody")
    with pytest.raises(ExportChanged):
        await plain.runner().run(JobName.CUSTOMERS, source, plain.limits)


async def test_nothing_of_an_export_is_used_that_is_not_proven_whole(plain: World) -> None:
    source = whole(2)
    source.broken = frozenset({Kind.CUSTOMERS})
    with pytest.raises(CipherDamaged):
        await plain.runner().run(JobName.CUSTOMERS, source, plain.limits)
    assert source.reads == 0
    assert await contents(plain.store) == {}


async def test_undo_destroys_numbers_and_keeps_books_and_what_is_undone_can_be_moved_again(plain: World) -> None:
    source = whole(4)
    await run_all(plain, source)
    moved = await plain.store.read(Moved, moved_id(Kind.PAYMENT_METHODS, "pm_1"))
    assert moved is not None
    with pytest.raises(StillNeeded, match="payment-methods"):
        await plain.runner().undo(JobName.CUSTOMERS, plain.limits)
    undone = [await plain.runner().undo(job, plain.limits) for job in reversed(JobName)]
    assert [one.kept for one in undone] == [()] * 5
    assert await plain.store.read(VaultKey, moved.local_id) is None
    method = await plain.store.read(PaymentMethod, moved.local_id)
    assert method is not None
    assert (method.deleted_at_ms > 0, method.fingerprint) == (True, "")
    customer = await plain.store.read(Customer, "cus_1")
    assert customer is not None
    assert (customer.name, customer.email, customer.metadata) == ("", "", ())
    journals = await plain.store.journals(0, 100)
    assert {one.journal.recipe for one in journals} == {"migrated_history", "migrated_history_reversed"}
    statuses = await run_all(plain, source)
    assert [status.state for status in statuses] == [JobState.DONE] * 5
    assert (await reconciled(plain, source)).right


async def test_past_the_point_of_no_return_there_is_no_undo(plain: World) -> None:
    runner = plain.runner(no_return=frozenset({JobName.CUSTOMERS}))
    status = await runner.run(JobName.CUSTOMERS, whole(2), plain.limits)
    assert (status.point_of_no_return, status.past_return) == (True, True)
    with pytest.raises(PastReturn, match="past_return"):
        await plain.runner().undo(JobName.CUSTOMERS, plain.limits)


async def test_what_waits_in_quarantine_is_run_again_alone_once_the_export_is_mended(plain: World) -> None:
    source = whole(4)
    source.add(Kind.PAYMENT_METHODS, card("pm_bad", "cus_1", "4000000000000000"))
    await run_all(plain, source)
    assert (await plain.runner().status(JobName.PAYMENT_METHODS)).waiting == 1
    mended = whole(4).add(Kind.PAYMENT_METHODS, card("pm_bad", "cus_1", card_number(99))).later()
    asked = Asked(only_waiting=True)
    status = await plain.runner().run(JobName.PAYMENT_METHODS, mended, plain.limits, asked)
    assert (status.waiting, status.counts.moved, status.counts.read) == (0, 5, 6)
    assert (await reconciled(plain, mended)).complete
    assert (await plain.store.read(Moved, moved_id(Kind.PAYMENT_METHODS, "pm_bad"))) is not None


async def test_an_export_from_which_a_record_was_taken_out_needs_a_time_of_its_own_and_is_right_then(
    plain: World,
) -> None:
    source = Invented().add(Kind.CUSTOMERS, *customers([1, 2, 3]))
    await run_all(plain, source)
    before = await contents(plain.store)
    one, two, three = customers([1, 2, 3])
    mended = Invented().add(Kind.CUSTOMERS, one, msgspec.structs.replace(three, name="Mended"))
    mended.identity = "d" * 64
    with pytest.raises(ManifestUnusable, match="write a later time"):
        await run_all(plain, mended)
    assert await contents(plain.store) == before
    statuses = await run_all(plain, mended.later())
    assert (statuses[0].counts.updated, statuses[0].counts.unchanged) == (1, 1)
    assert (await reconciled(plain, mended.later())).right
    assert await plain.store.read(Customer, two.id) is not None


async def test_of_two_records_of_the_feed_the_later_one_counts_in_whatever_order_they_come(plain: World) -> None:
    await run_all(plain, whole(4))
    runner = plain.runner()
    (base,) = customers([1])
    newer = record(msgspec.structs.replace(base, name="Newest"), Kind.CUSTOMERS, 1, occurred_at_ms=LATER_MS + 2)
    older = record(msgspec.structs.replace(base, name="Newer"), Kind.CUSTOMERS, 1, occurred_at_ms=LATER_MS)
    assert await runner.take(newer) is Outcome.UPDATED
    assert await runner.take(older) is Outcome.OLDER
    assert await runner.take(newer) is Outcome.UNCHANGED
    customer = await plain.store.read(Customer, "cus_1")
    assert customer is not None
    assert (customer.name, customer.version) == ("Newest", 2)


async def test_a_balance_transaction_of_the_feed_is_posted_once_and_a_correction_of_it_posts_the_difference(
    plain: World,
) -> None:
    source = whole(4)
    await run_all(plain, source)
    account = balance_account(None)
    before = (await plain.store.account(account)).balance_cents("debit")
    runner = plain.runner()
    sold = record(balance_transaction(77, 5_000, 100), Kind.BALANCE_TRANSACTIONS, 1, occurred_at_ms=LATER_MS)
    assert [await runner.take(sold) for _ in range(2)] == [Outcome.MOVED, Outcome.UNCHANGED]
    assert (await plain.store.account(account)).balance_cents("debit") == before + 4_900
    put_right = record(balance_transaction(77, 5_000, 90), Kind.BALANCE_TRANSACTIONS, 1, occurred_at_ms=LATER_MS + 1)
    assert await runner.take(put_right) is Outcome.UPDATED
    assert (await plain.store.account(account)).balance_cents("debit") == before + 4_910
    found = await reconciled(plain, source)
    assert (found.right, found.ledger_balanced) == (True, True)


async def test_a_card_that_was_taken_off_there_loses_its_number_here(plain: World) -> None:
    await run_all(plain, whole(2))
    moved = await plain.store.read(Moved, moved_id(Kind.PAYMENT_METHODS, "pm_1"))
    assert moved is not None
    gone = record(card("pm_1", None, card_number(1)), Kind.PAYMENT_METHODS, 1, occurred_at_ms=LATER_MS, removed=True)
    assert await plain.runner().take(gone) is Outcome.UPDATED
    assert await plain.store.read(VaultKey, moved.local_id) is None
    unknown = record(card("pm_none", None, card_number(9)), Kind.PAYMENT_METHODS, 1, occurred_at_ms=LATER_MS)
    assert await plain.runner().take(unknown) is Outcome.QUARANTINED


async def test_the_feed_waits_for_the_export(plain: World) -> None:
    (base,) = customers([1])
    with pytest.raises(NotYet):
        await plain.runner().take(record(base, Kind.CUSTOMERS, 1))


async def _run(world: World) -> MigrationRun:
    run = await world.store.read(MigrationRun, JobName.CUSTOMERS.value)
    assert run is not None
    return run


def test_an_invented_source_counts_what_it_gives() -> None:
    assert Invented().add(Kind.CUSTOMERS, *customers(range(3))).records(Kind.CUSTOMERS) == 3


async def owed(world: World, account_id: str, cents: int) -> None:
    """Let the provider of this account be owed so much more here."""
    moved = await world.store.read(Moved, moved_id(Kind.ACCOUNTS, account_id))
    assert moved is not None
    theirs, bank = PROVIDER_AVAILABLE.of(moved.local_id), BANK.name
    move = Move(bank, theirs, cents) if cents > 0 else Move(theirs, bank, -cents)
    journal = Journal(id=f"owed:{cents}", recipe="owed", reference="", moves=(move,))
    await world.store.transact(lambda transaction: transaction.post(journal), "somebody")


async def test_a_provider_that_is_owed_money_stays_is_named_after_a_cut_and_goes_with_a_later_undo(
    plain: World,
) -> None:
    await run_all(plain, whole(9))
    await owed(plain, "acct_1", 700)
    await plain.runner().undo(JobName.AUDIT_TRAIL, plain.limits)
    job = JobName.PROVIDER_BANK_ACCOUNTS
    # Claim and three pieces of bank accounts; the first piece of accounts is the fifth.
    failing = FailingStore(plain.store, 5, after=True)
    with pytest.raises(StoreClosed):
        await plain.runner(failing).undo(job, plain.limits)  # type: ignore[arg-type]  # no books
    plain.clock.wall_ms += plain.limits.lease_ms + 1
    undone = await plain.runner().undo(job, plain.limits)
    assert (undone.records, [name.partition(":")[2].partition(":")[0] for name in undone.kept]) == (17, ["acct_1"])
    assert "is owed money here" in (await plain.runner().status(job)).why
    await owed(plain, "acct_1", -700)
    again = await plain.runner().undo(job, plain.limits)
    assert (again.records, again.kept, (await plain.runner().status(job)).why) == (1, (), "")
    assert (await plain.runner().undo(job, plain.limits)).records == 1, "nothing is left to be taken back"


async def test_an_export_of_the_future_is_refused_because_what_happens_until_then_would_be_lost(plain: World) -> None:
    source = whole(1)
    source.made_at_ms = plain.clock.now_ms() + 400_000
    with pytest.raises(ManifestUnusable, match="made_at is 400 s from now"):
        await plain.runner().run(JobName.CUSTOMERS, source, plain.limits)
    assert await contents(plain.store) == {}


async def test_sums_that_no_currency_has_stop_before_their_batch_and_say_where(plain: World) -> None:
    most = 2**53
    source = Invented().add(Kind.BALANCE_TRANSACTIONS, *(balance_transaction(number, most) for number in range(2_060)))
    limits = msgspec.structs.replace(plain.limits, batch_records=500)
    job = JobName.TRANSACTION_HISTORY
    with pytest.raises(SumTooLarge, match=r"balance_transactions.jsonl:2001 to balance_transactions.jsonl:2060"):
        await plain.runner().run(job, source, limits)
    status = await plain.runner().status(job)
    assert (status.counts.moved, status.source == status.target) == (2_000, True)
