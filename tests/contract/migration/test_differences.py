"""A difference of one cent or one row stops in its batch, with both sides shown, and nothing after it is begun."""

import msgspec
import pytest

from payment_core.ledger.journals import Journal, Move
from payment_core.methods.model import PaymentMethod, VaultRow
from payment_core.migration.engine.claiming import Asked
from payment_core.migration.errors import DifferenceFound, JobHeld
from payment_core.migration.export.kinds import Kind
from payment_core.migration.export.shapes.balance_transaction import BalanceTransaction
from payment_core.migration.jobs.history.bodies import decoded, encoded
from payment_core.migration.model import Historical, MigrationBatch, Moved
from payment_core.migration.names import JobName, JobState
from payment_core.store.port import Transaction
from payment_core.store.records import Listing, Record
from payment_core.store.stage import Registry
from tests.contract.migration.bent_stores import Bend, BentStore
from tests.contract.migration.invented import Invented, balance_transaction, charge, whole
from tests.contract.migration.worlds import World, reconciled, run_all


def one_cent_more(record: Record) -> Record:
    """A balance transaction that is kept with a cent more than it had."""
    if not isinstance(record, Historical) or record.id != "balance_transactions:txn_7":
        return record
    body = decoded(Kind.BALANCE_TRANSACTIONS, record.body)
    assert isinstance(body, BalanceTransaction)
    body = msgspec.structs.replace(body, amount=body.amount + 1, net=body.net + 1)
    return msgspec.structs.replace(record, body=encoded(body), amount=record.amount + 1)


def row_of_another(record: Record) -> Record:
    """A charge that is kept under another id, so that its own is not there."""
    if isinstance(record, Historical) and record.id == "charges:ch_7":
        return msgspec.structs.replace(record, id="charges:ch_lost")
    return record


def posted_with_one_cent_more(record: object) -> Record:
    """A journal that is posted over a cent more."""
    if isinstance(record, Journal):
        first = record.moves[0]
        more = Move(first.debit, first.credit, first.amount_cents + 1)
        return msgspec.structs.replace(record, moves=(more, *record.moves[1:]))  # type: ignore[return-value]  # bent
    return record  # type: ignore[return-value]  # bent


def another_card(record: Record) -> Record:
    """A payment method that shows another expiry than was sealed."""
    if isinstance(record, PaymentMethod) and record.customer_id == "cus_7":
        return msgspec.structs.replace(record, expiry_year=record.expiry_year + 1)
    return record


@pytest.mark.parametrize(
    ("bend", "job", "said"),
    [
        (one_cent_more, JobName.TRANSACTION_HISTORY, "balance_transactions:txn_7: export 9948 USD"),
        (row_of_another, JobName.TRANSACTION_HISTORY, "count: export 4, here 3"),
        (posted_with_one_cent_more, JobName.TRANSACTION_HISTORY, "history_balance/platform"),
        (another_card, JobName.PAYMENT_METHODS, "payment_methods:pm_7"),
    ],
)
async def test_a_planted_difference_stops_in_its_batch_with_both_sides(
    plain: World, bend: Bend, job: JobName, said: str
) -> None:
    source = whole(12)
    runner = plain.runner(BentStore(plain.store, bend))  # type: ignore[arg-type]  # a runner asks for no books
    for before in JobName:
        if before is job:
            break
        await runner.run(before, source, plain.limits)
    with pytest.raises(DifferenceFound, match="batch "):
        await runner.run(job, source, plain.limits)
    status = await plain.runner().status(job)
    assert status.state is JobState.STOPPED
    assert said in status.why
    batches = await plain.store.query(Listing(MigrationBatch, owner=job.value))
    assert [batch.target == batch.source for batch in batches] == [True] * (len(batches) - 1) + [
        said.startswith("history_balance")
    ]
    assert len(batches) == status.batches < 12
    with pytest.raises(JobHeld, match="stopped"):
        await plain.runner().run(job, source, plain.limits)


async def test_a_difference_that_is_still_there_stops_again_when_it_is_resumed(plain: World) -> None:
    source = whole(12)
    bent = plain.runner(BentStore(plain.store, row_of_another))  # type: ignore[arg-type]  # a runner asks for no books
    with pytest.raises(DifferenceFound):
        await bent.run(JobName.TRANSACTION_HISTORY, source, plain.limits)
    with pytest.raises(DifferenceFound, match="charges:ch_7"):
        await plain.runner().run(JobName.TRANSACTION_HISTORY, source, plain.limits, Asked(resume=True))
    undone = await plain.runner().undo(JobName.TRANSACTION_HISTORY, plain.limits)
    assert undone.records == 8
    status = await plain.runner().run(JobName.TRANSACTION_HISTORY, source, plain.limits)
    assert (status.state, status.source) == (JobState.DONE, status.target)


async def test_a_cent_between_a_charge_and_its_balance_transaction_is_put_aside_with_both_amounts(plain: World) -> None:
    source = Invented()
    source.add(Kind.CHARGES, charge(1, 10_000), charge(2, 20_000))
    source.add(
        Kind.BALANCE_TRANSACTIONS,
        balance_transaction(1, 10_001, source="ch_1"),
        balance_transaction(2, 20_000, source="ch_2"),
    )
    await run_all(plain, source)
    found = await reconciled(plain, source)
    assert [(one.reason, one.records) for one in found.quarantine] == [("amounts_disagree", 1)]
    assert [(one.exported, one.here, one.waiting) for one in found.accounts] == [(20_000, 20_000, 10_001)]
    assert (found.right, found.complete) == (True, False)


@pytest.mark.parametrize("lost", ["row", "cent", "planted", "book"])
async def test_the_reconciliation_finds_what_was_changed_after_it_was_proved(plain: World, lost: str) -> None:
    source = whole(6)
    await run_all(plain, source)
    name = "balance_transactions:txn_4"
    row = await plain.store.read(Historical, name)
    assert row is not None

    def change(transaction: Transaction) -> None:
        if lost == "row":
            transaction.delete(Historical, name)
        elif lost == "cent":
            transaction.put(one_cent_more(msgspec.structs.replace(row, id="balance_transactions:txn_7")))
            transaction.put(msgspec.structs.replace(row, amount=row.amount + 1))
        elif lost == "planted":
            transaction.put(msgspec.structs.replace(row, id="balance_transactions:txn_planted"))
        else:
            move = Move("history_balance/platform", "history_flow/charge", 1)
            transaction.post(Journal(id="planted", recipe="planted", reference="", moves=(move,)))

    await plain.store.transact(change, "somebody")
    found = await reconciled(plain, source)
    assert not found.right
    said = " ".join(one.what for one in found.differences)
    expected = {
        "row": name,
        "cent": name,
        "planted": "balance_transactions rows",
        "book": "history_balance/platform USD",
    }
    assert expected[lost] in said


@pytest.mark.parametrize("name", ["charges:ch_4", "payment_methods:pm_4"])
async def test_bytes_that_are_no_record_are_named_and_hide_nothing_else(
    plain: World, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    source = whole(6)
    await run_all(plain, source)
    card = await plain.store.read(Moved, "payment_methods:pm_4")
    assert card is not None
    broken = card.local_id if name == card.id else name
    decode = Registry.decode

    def damaged(registry: Registry, kind: str, body: bytes) -> Record:
        found = decode(registry, kind, body)
        if isinstance(found, VaultRow | Historical) and found.id == broken:
            raise msgspec.DecodeError("damaged")
        return found

    monkeypatch.setattr(Registry, "decode", damaged)
    found = await reconciled(plain, source)
    # A page of rows may hold some of the next kind, so that a walk is cut before it.
    (only,) = (one for one in found.differences if not one.what.endswith(" rows"))
    assert (only.what, "put the database back" in only.target, found.right) == (name, True, False)
    kinds = {one.kind: one for one in found.kinds}
    assert (kinds[Kind.CUSTOMERS].equal, kinds[Kind.BALANCE_TRANSACTIONS].equal) == (6, 9)
