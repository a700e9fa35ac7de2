"""An export that does not begin at the beginning opens with balances, and ends at those of the whole history."""

from contextlib import aclosing
from pathlib import Path

import msgspec
import pytest

from daemon.embedded.exports.generating import write_export
from daemon.embedded.exports.plan import ExportPlan
from daemon.embedded.exports.truth import Truth
from payment_core.ledger.journals import Journal, Move
from payment_core.migration.engine.claiming import Asked
from payment_core.migration.engine.reading import batches, everything
from payment_core.migration.engine.source import ExportSource
from payment_core.migration.errors import DifferenceFound
from payment_core.migration.export.export import Export
from payment_core.migration.export.kinds import Kind
from payment_core.migration.export.records import START
from payment_core.migration.export.shapes.opening_balance import OpeningBalance
from payment_core.migration.jobs.history.bodies import decoded, encoded
from payment_core.migration.limits import Limits
from payment_core.migration.model import Historical, MigrationBatch, Opened, Quarantined
from payment_core.migration.names import KINDS_OF, JobName, JobState, Outcome
from payment_core.store.port import Transaction
from payment_core.store.records import Listing, Record
from payment_core.store.walking import every, every_account
from tests.contract.migration.bent_stores import Bend, BentStore
from tests.contract.migration.invented import CREATED, MADE_AT_MS, Invented, balance_transaction, charge, record, whole
from tests.contract.migration.worlds import World, contents, migration_world, reconciled, run_all

JOB = JobName.TRANSACTION_HISTORY
PLAN = ExportPlan(customers=6, cards=0, accounts=3, charges=60, payout_after=4)
CUT = msgspec.structs.replace(PLAN, cut_at=PLAN.made_at - PLAN.days * 86_400 // 2)
AS_OF = CREATED + 3
"""The first two of the invented sales are before it."""


def opening(
    amount: int, *, pending: int = 0, as_of: int = AS_OF, currency: str = "usd", account: str | None = None
) -> OpeningBalance:
    return OpeningBalance(currency=currency, available=amount, pending=pending, as_of=as_of, account=account)


def opened_with(*openings: OpeningBalance) -> Invented:
    """Two accounts' sales, all behind the opening balances."""
    source = Invented().add(Kind.OPENING_BALANCES, *openings)
    source.add(Kind.CHARGES, charge(4, 10_000))
    return source.add(
        Kind.BALANCE_TRANSACTIONS,
        balance_transaction(4, 10_000, 300, source="ch_4"),
        balance_transaction(5, -700, kind="payout", account="acct_9"),
        balance_transaction(6, 40, kind="adjustment", currency="eur"),
    )


async def history(world: World) -> dict[tuple[str, str], int]:
    """The old processor's balances, by account and currency, but for zeros."""
    return {
        (row.account_id.removeprefix("history_balance/"), row.currency): row.balances.balance_cents("debit")
        async for row in every_account(world.store, "history_balance/")
        if row.balances.balance_cents("debit") != 0
    }


async def waiting(world: World) -> dict[str, str]:
    """What is in quarantine and why."""
    found = [one async for one in every(world.store, Listing(Quarantined, owner=JOB.value))]
    return {one.id: one.reason for one in found}


def held(truth: Truth) -> dict[tuple[str, str], int]:
    """The balances that the processor had, but for zeros."""
    return {
        (account if account else "platform", currency.upper()): amount
        for account, by_currency in truth.balances.items()
        for currency, amount in by_currency.items()
        if amount != 0
    }


@pytest.mark.parametrize("name", ["memory", "sqlite"])
async def test_a_history_that_was_cut_ends_at_the_balances_of_the_whole_one(name: str, tmp_path: Path) -> None:
    truth, cut_truth = write_export(tmp_path / "whole", PLAN), write_export(tmp_path / "cut", CUT)
    assert cut_truth.balances == truth.balances
    assert cut_truth.of(Kind.BALANCE_TRANSACTIONS).records < truth.of(Kind.BALANCE_TRANSACTIONS).records
    assert any(amount != 0 for by_currency in cut_truth.openings.values() for amount in by_currency.values())
    found = []
    for folder in ("whole", "cut"):
        (tmp_path / f"{folder}-store").mkdir()
        async with migration_world(name, tmp_path / f"{folder}-store") as world:
            source = ExportSource(await Export.open(tmp_path / folder, None, bytes(32)))
            for job in JobName:
                status = await world.runner().run(job, source, Limits(batch_records=50))
                assert (status.state, status.waiting, status.source) == (JobState.DONE, 0, status.target)
            found.append(await history(world))
            result = await reconciled(world, source)
            assert (result.complete, result.ledger_balanced, result.differences) == (True, True, ())
    assert found == [held(truth), held(truth)]


async def test_opening_balances_are_moved_proved_reconciled_and_taken_back_like_everything(world: World) -> None:
    source = opened_with(opening(1_000, pending=234), opening(-50, account="acct_9"), opening(0, currency="eur"))
    statuses = await run_all(world, source)
    assert [status.counts.moved for status in statuses] == [0, 0, 0, 7, 7]
    assert all(status.source == status.target for status in statuses)
    expected = {("platform", "USD"): 1_234 + 9_700, ("acct_9", "USD"): -750, ("platform", "EUR"): 40}
    assert await history(world) == expected
    assert (await world.store.account("history_flow/opening")).balance_cents("credit") == 1_184
    before = await contents(world.store)
    again = await world.runner().run(JOB, source, world.limits, Asked(again=True))
    assert (again.counts.unchanged, again.counts.moved) == (7, 0)
    assert await contents(world.store) == before
    found = await reconciled(world, source)
    assert (found.complete, found.ledger_balanced, found.differences) == (True, True, ())
    assert {(one.account.partition("/")[2], one.currency): one.here for one in found.accounts} == expected
    assert (await world.runner().undo(JOB, world.limits)).records == 7
    assert await history(world) == {}
    journals = await world.store.journals(0, 100)
    assert {one.journal.recipe for one in journals} == {
        "migrated_opening",
        "migrated_history",
        "migrated_history_reversed",
        "migrated_opening_reversed",
    }
    assert await world.store.query(Listing(Opened)) == []
    moved = await world.runner().run(JOB, source, world.limits)
    assert (moved.counts.moved, await history(world)) == (7, expected)


async def test_openings_are_read_before_everything_that_is_posted() -> None:
    source = opened_with(opening(1_000))
    async with aclosing(batches(source, KINDS_OF[JOB], None, START, 100, everything)) as read:
        seen = [reads[0].kind async for reads in read]
    assert seen == [Kind.OPENING_BALANCES, Kind.CHARGES, Kind.BALANCE_TRANSACTIONS]


@pytest.mark.parametrize(
    ("second", "outcome"),
    [
        (opening(1_000), "unchanged"),
        (opening(1_001), "quarantined"),
        (opening(999, pending=1), "quarantined"),
        (opening(1_000, as_of=AS_OF - 1), "quarantined"),
        (opening(1_000, currency="gbp"), "moved"),
        (opening(1_000, account="acct_9"), "moved"),
    ],
)
async def test_an_account_opens_once_in_each_currency(plain: World, second: OpeningBalance, outcome: str) -> None:
    source = opened_with(opening(1_000), second)
    status = await plain.runner().run(JOB, source, plain.limits)
    expected = {"moved": 5, "unchanged": 0, "quarantined": 0}
    expected[outcome] += 1
    assert {name: getattr(status.counts, name) for name in expected} == expected
    assert (await history(plain))["platform", "USD"] == 1_000 + 9_700
    reasons = {"opening_balances:platform:usd": "second_opening"} if outcome == "quarantined" else {}
    assert await waiting(plain) == reasons
    await run_all(plain, source)
    found = await reconciled(plain, source)
    assert (found.right, found.complete) == (True, not reasons)


@pytest.mark.parametrize(
    ("created", "currency", "account", "counts_twice"),
    [
        (AS_OF - 1, "usd", None, True),
        (AS_OF, "usd", None, False),
        (AS_OF - 1, "gbp", None, True),
        (AS_OF - 1, "usd", "acct_9", False),
        (AS_OF - 1, "eur", None, False),
        (AS_OF - 3, "eur", None, True),
    ],
)
async def test_what_is_of_before_the_opening_of_its_account_is_not_counted_twice(
    plain: World, created: int, currency: str, account: str | None, *, counts_twice: bool
) -> None:
    source = Invented().add(
        Kind.OPENING_BALANCES, opening(1_000), opening(0, currency="eur", as_of=AS_OF - 2), opening(0, account="acct_8")
    )
    # Without an opening balance of its own, a currency begins with the earliest of the account's others.
    if currency == "gbp":
        created = AS_OF - 3
    sold = balance_transaction(1, 5_000, 100, currency=currency, account=account)
    source.add(Kind.BALANCE_TRANSACTIONS, msgspec.structs.replace(sold, created=created))
    await run_all(plain, source)
    name = "balance_transactions:txn_1"
    assert await waiting(plain) == ({name: "before_opening"} if counts_twice else {})
    key = ("platform" if account is None else account, currency.upper())
    opened = 1_000 if key == ("platform", "USD") else 0
    assert (await history(plain)).get(key, 0) == opened + (0 if counts_twice else 4_900)
    found = await reconciled(plain, source)
    assert (found.right, found.complete) == (True, not counts_twice)
    assert all(one.waiting == 0 for one in found.accounts)


async def test_a_transaction_of_the_feed_that_is_of_before_the_opening_is_put_aside(plain: World) -> None:
    await run_all(plain, opened_with(opening(1_000)))
    before = await history(plain)
    late = record(balance_transaction(2, 5_000), Kind.BALANCE_TRANSACTIONS, 1, occurred_at_ms=MADE_AT_MS + 1)
    assert await plain.runner().take(late) is Outcome.QUARANTINED
    assert await history(plain) == before


async def test_an_opening_that_comes_behind_its_history_waits_until_that_is_undone(plain: World) -> None:
    source = whole(4)
    await run_all(plain, source)
    before = await history(plain)
    later = whole(4).add(Kind.OPENING_BALANCES, opening(20_000 - 118 + 3)).later()
    await run_all(plain, later)
    assert await waiting(plain) == {"opening_balances:platform:usd": "already_posted"}
    assert await history(plain) == before
    for job in reversed(JobName):
        await plain.runner().undo(job, plain.limits)
    await run_all(plain, later)
    assert await waiting(plain) == {f"balance_transactions:txn_{number}": "before_opening" for number in (1, 2)}
    assert await history(plain) == before
    assert (await reconciled(plain, later)).right


async def test_what_an_opening_holds_and_was_posted_all_the_same_is_a_difference(plain: World) -> None:
    source = opened_with(opening(1_000))
    await run_all(plain, source)
    row = await plain.store.read(Historical, "opening_balances:platform:usd")
    assert row is not None
    body = decoded(Kind.OPENING_BALANCES, row.body)
    assert isinstance(body, OpeningBalance)
    # As if it had opened later: then what was posted is in it.
    later = msgspec.structs.replace(body, as_of=CREATED + 5)
    mended = opened_with(later)

    def change(transaction: Transaction) -> None:
        transaction.put(msgspec.structs.replace(row, body=encoded(later)))

    await plain.store.transact(change, "somebody")
    found = await reconciled(plain, mended)
    assert [one.what for one in found.differences] == ["balance_transactions:txn_4"]
    assert found.differences[0].source == f"in the opening balance as of {CREATED + 5}"


def kept_with_one_cent_more(row: Record) -> Record:
    """An opening balance that is kept with a cent more than it had."""
    if not isinstance(row, Historical) or row.id != "opening_balances:acct_6:usd":
        return row
    body = decoded(Kind.OPENING_BALANCES, row.body)
    assert isinstance(body, OpeningBalance)
    return msgspec.structs.replace(
        row, body=encoded(msgspec.structs.replace(body, available=body.available + 1)), amount=row.amount + 1
    )


def posted_with_one_cent_more(journal: object) -> Record:
    """The journal of an opening balance over a cent more."""
    if isinstance(journal, Journal):
        moves = [
            Move(one.debit, one.credit, one.amount_cents + (one.debit == "history_balance/acct_6"))
            for one in journal.moves
        ]
        return msgspec.structs.replace(journal, moves=tuple(moves))  # type: ignore[return-value]  # bent
    return journal  # type: ignore[return-value]  # bent


@pytest.mark.parametrize(
    ("bend", "said"),
    [
        (kept_with_one_cent_more, "opening_balances:acct_6:usd: export 1006 USD"),
        (posted_with_one_cent_more, "history_balance/acct_6 USD: export debits 1006"),
    ],
)
async def test_a_cent_more_in_an_opening_stops_in_its_batch(plain: World, bend: Bend, said: str) -> None:
    source = opened_with(*(opening(1_000 + number, account=f"acct_{number}") for number in range(12)))
    runner = plain.runner(BentStore(plain.store, bend))  # type: ignore[arg-type]  # a runner asks for no books
    with pytest.raises(DifferenceFound, match="batch transaction-history:001:00000002"):
        await runner.run(JOB, source, plain.limits)
    status = await plain.runner().status(JOB)
    assert (status.state, said in status.why) == (JobState.STOPPED, True)
    assert len(await plain.store.query(Listing(MigrationBatch, owner=JOB.value))) == 2
