"""Of several records of one object the last one counts, good or not, in one export and in one after another."""

from collections.abc import Sequence

import msgspec
import pytest

from payment_core.migration.engine.claiming import Asked
from payment_core.migration.export.kinds import Kind
from payment_core.migration.export.records import Reason
from payment_core.migration.export.shapes.balance_transaction import BalanceTransaction
from payment_core.migration.export.shapes.charge import Charge
from payment_core.migration.model import TrailPage
from payment_core.migration.names import JobName
from payment_core.store.port import Transaction
from payment_core.store.records import Listing
from tests.contract.migration.invented import (
    DAY_MS,
    MADE_AT_MS,
    Invented,
    card,
    card_number,
    charge,
    malformed,
    sales,
    whole,
)
from tests.contract.migration.worlds import World, contents, reconciled, run_all


def said(words: Sequence[str]) -> Invented:
    """A card and a charge that are said so often, each time good or bad."""
    source = whole(2)
    for word in words:
        number = card_number(8) if word == "good" else "4000000000000000"
        source.add(Kind.PAYMENT_METHODS, card("pm_8", "cus_1", number))
        if word == "good":
            source.add(Kind.CHARGES, charge(8, 500))
        else:
            charges = source.reads_of[Kind.CHARGES]
            bad = malformed(Kind.CHARGES, len(charges) + 1, Reason.WRONG_FIELD)
            charges.append(msgspec.structs.replace(bad, id="ch_8"))
    return source


async def waiting(world: World) -> int:
    """How many wait by the jobs' own count."""
    return sum([(await world.runner().status(job)).waiting for job in JobName])


@pytest.mark.parametrize(
    "words", [("bad", "good"), ("good", "bad"), ("bad", "good", "bad"), ("good", "bad", "good"), ("bad", "bad")]
)
async def test_a_bad_record_beside_a_good_one_of_its_object_waits_only_when_it_is_the_last_word(
    plain: World, words: tuple[str, ...]
) -> None:
    source, wait = said(words), 2 if words[-1] == "bad" else 0
    await run_all(plain, source)
    found = await reconciled(plain, source)
    assert (found.right, found.differences, found.complete) == (True, (), wait == 0)
    assert (sum(reason.records for reason in found.quarantine), await waiting(plain)) == (wait, wait)
    before = await contents(plain.store)
    for job in JobName:
        await plain.runner().run(job, source, plain.limits, Asked(again=True))
    assert (await contents(plain.store), await waiting(plain)) == (before, wait)
    for job in reversed(JobName):
        await plain.runner().undo(job, plain.limits)
    await run_all(plain, source)
    found = await reconciled(plain, source)
    assert (found.right, found.complete, await waiting(plain)) == (True, wait == 0, wait)


async def test_what_waits_and_comes_as_it_was_before_waits_no_more(plain: World) -> None:
    good, bad = said(("good",)), said(("bad",)).later("b")
    await run_all(plain, good)
    await run_all(plain, bad)
    assert await waiting(plain) == 2
    mended = bad.later("c")
    mended.reads_of[Kind.PAYMENT_METHODS][-1] = msgspec.structs.replace(
        good.reads_of[Kind.PAYMENT_METHODS][-1], occurred_at_ms=mended.made_at_ms
    )
    mended.reads_of[Kind.CHARGES][-1] = msgspec.structs.replace(
        good.reads_of[Kind.CHARGES][-1], occurred_at_ms=mended.made_at_ms
    )
    for job in (JobName.PAYMENT_METHODS, JobName.TRANSACTION_HISTORY):
        await plain.runner().run(job, mended, plain.limits, Asked(only_waiting=True))
    found = await reconciled(plain, mended)
    assert (await waiting(plain), found.right, found.complete) == (0, True, True)


async def test_what_had_no_id_is_read_again_at_its_place_once_it_was_mended(plain: World) -> None:
    source = whole(2).spoil(Kind.CHARGES)
    await run_all(plain, source)
    assert await waiting(plain) == 1
    mended = source.later("b")
    place = len(mended.reads_of[Kind.CHARGES])
    mended.reads_of[Kind.CHARGES].pop()
    mended.add(Kind.CHARGES, charge(9, 700))
    mended.reads_of[Kind.CHARGES][-1] = msgspec.structs.replace(
        mended.reads_of[Kind.CHARGES][-1], occurred_at_ms=mended.made_at_ms
    )
    status = await plain.runner().run(JobName.TRANSACTION_HISTORY, mended, plain.limits, Asked(only_waiting=True))
    assert (status.waiting, status.counts.moved, mended.records(Kind.CHARGES)) == (0, 5, place)
    assert (await reconciled(plain, mended)).complete


async def test_an_export_that_says_other_than_what_was_moved_is_not_called_right(plain: World) -> None:
    moved = sales(Invented(), range(1, 4))
    await run_all(plain, moved)
    other = moved.later("b")
    for kind in (Kind.CHARGES, Kind.BALANCE_TRANSACTIONS):
        first = other.reads_of[kind][0]
        body = getattr(first, "body")  # noqa: B009 - a good record's
        assert isinstance(body, Charge | BalanceTransaction)
        body = msgspec.structs.replace(body, amount=body.amount + 1)
        if isinstance(body, BalanceTransaction):
            body = msgspec.structs.replace(body, net=body.net + 1)
        other.reads_of[kind][0] = msgspec.structs.replace(first, body=body)
    found = await reconciled(plain, other)
    assert [one.what for one in found.differences] == ["charges:ch_1", "balance_transactions:txn_1"]
    assert found.differences[0].target.endswith("as an earlier export had it; run the job again")
    await run_all(plain, other)
    assert (await reconciled(plain, other)).right


async def test_of_an_export_that_was_not_moved_the_last_record_of_an_object_has_to_be_here(plain: World) -> None:
    moved = Invented().add(Kind.CHARGES, charge(1, 500), charge(1, 600))
    await run_all(plain, moved)
    assert (await reconciled(plain, moved.later("b"))).right
    turned = Invented(identity="c" * 64, made_at_ms=MADE_AT_MS + DAY_MS)
    turned.add(Kind.CHARGES, charge(1, 600), charge(1, 500))
    turned.reads_of[Kind.CHARGES] = [
        msgspec.structs.replace(read, occurred_at_ms=turned.made_at_ms) for read in turned.reads_of[Kind.CHARGES]
    ]
    found = await reconciled(plain, turned)
    (charges,) = (one for one in found.kinds if one.kind is Kind.CHARGES)
    assert (charges.exported, charges.equal, charges.superseded, charges.differing) == (2, 1, 0, 1)


async def test_a_last_page_of_the_trail_that_is_gone_is_found_also_behind_that_of_another_export(
    plain: World,
) -> None:
    source = whole(3)
    await run_all(plain, source)
    await run_all(plain, source.later("b"))
    assert (await reconciled(plain, source.later("b"))).right
    pages = await plain.store.query(Listing(TrailPage, limit=1_000))

    def take_away(transaction: Transaction) -> None:
        transaction.delete(TrailPage, pages[-1].id)

    await plain.store.transact(take_away, "somebody")
    found = await reconciled(plain, source.later("b"))
    assert ([one.what for one in found.differences], found.trail.intact) == (["trail end"], False)
