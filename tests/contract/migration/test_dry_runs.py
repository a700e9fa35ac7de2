"""A dry run says what the run will say, in every count, and leaves nothing behind."""

import random

import msgspec
import pytest

from payment_core.migration.dry_running.scratch import Scratch
from payment_core.migration.engine.claiming import Asked
from payment_core.migration.errors import NotYet, ScratchUnusable
from payment_core.migration.export.kinds import Kind
from payment_core.migration.export.records import Read, Record
from payment_core.migration.export.shapes.balance_transaction import BalanceTransaction
from payment_core.migration.export.shapes.opening_balance import OpeningBalance
from payment_core.migration.model import MigrationRun
from payment_core.migration.names import JobName, JobState
from payment_core.migration.status import JobStatus
from tests.contract.migration.invented import (
    CREATED,
    Invented,
    bank,
    card,
    card_number,
    malformed,
    whole,
)
from tests.contract.migration.worlds import World, contents, dry_run, dry_runs, run_all

SEEDS = range(3)


def dirty(seed: int) -> Invented:
    """Doubles, bad ones, owners that are none, and history of before an opening, all over several batches."""
    chance = random.Random(seed)  # noqa: S311 - invented dirt
    source = whole(4)
    as_of = CREATED + chance.randint(1, 4)
    source.add(Kind.OPENING_BALANCES, OpeningBalance(currency="usd", available=900, pending=0, as_of=as_of))
    source.add(Kind.PAYMENT_METHODS, card("pm_77", "cus_none", card_number(77)))
    source.add(Kind.BANK_ACCOUNTS, bank("ba_77", "acct_none", "000998877665"))
    for kind, reads in source.reads_of.items():
        again: list[Read] = [read for read in reads if chance.random() < 0.5]
        for read in again:
            reads.append(_placed(_changed(read, chance), len(reads) + 1))
            if chance.random() < 0.3:
                bad = malformed(kind, len(reads) + 1)
                reads.append(msgspec.structs.replace(bad, id=read.id if chance.random() < 0.5 else ""))
    return source


def _changed(read: Read, chance: random.Random) -> Read:
    """As it is, or with a cent more, whether that adds up or not."""
    if not isinstance(read, Record) or not isinstance(read.body, BalanceTransaction) or chance.random() < 0.5:
        return read
    body = read.body
    more = msgspec.structs.replace(body, amount=body.amount + 1, net=body.net + chance.choice((0, 1)))
    return msgspec.structs.replace(read, body=more)


def _placed(read: Read, place: int) -> Read:
    return msgspec.structs.replace(read, position=msgspec.structs.replace(read.position, record=place))


def said(statuses: list[JobStatus]) -> list[tuple[object, ...]]:
    """Everything that is told of records."""
    return [(one.job, one.total, one.counts, one.waiting, one.source, one.target, one.batches) for one in statuses]


@pytest.mark.parametrize("seed", SEEDS)
async def test_a_dry_run_counts_what_the_run_counts_and_a_second_one_what_a_second_run_does(
    plain: World, seed: int
) -> None:
    source = dirty(seed)
    dry = await dry_runs(plain, source)
    assert await contents(plain.store) == {}
    assert [status.state for status in dry] == [JobState.NEW] * 5
    assert said(dry) == said(await run_all(plain, source))
    assert sum(status.counts.quarantined for status in dry) > 0
    before = await contents(plain.store)
    dry = await dry_runs(plain, source)
    assert await contents(plain.store) == before
    again = [await plain.runner().run(job, source, plain.limits, Asked(again=True)) for job in JobName]
    assert said(dry) == said(again)


async def test_a_dry_run_of_what_waits_says_what_would_move_of_that(plain: World) -> None:
    source = whole(4).add(Kind.PAYMENT_METHODS, card("pm_bad", "cus_1", "4000000000000000"))
    await run_all(plain, source)
    mended = whole(4).add(Kind.PAYMENT_METHODS, card("pm_bad", "cus_1", card_number(99))).later()
    waits = Asked(only_waiting=True)
    async with dry_run(plain) as dry:
        would = await dry.run(JobName.PAYMENT_METHODS, mended, plain.limits, waits)
    does = await plain.runner().run(JobName.PAYMENT_METHODS, mended, plain.limits, waits)
    assert said([would]) == said([does])
    assert (would.counts.moved, would.waiting) == (5, 0)


async def test_a_dry_run_of_a_job_whose_owners_did_not_move_says_so_as_the_run_does(plain: World) -> None:
    async with dry_run(plain) as dry:
        with pytest.raises(NotYet, match="payment-methods needs customers"):
            await dry.run(JobName.PAYMENT_METHODS, whole(1), plain.limits)


async def test_a_dry_run_waits_for_nobody_and_stops_nobody(plain: World) -> None:
    taken = MigrationRun(
        id=JobName.CUSTOMERS.value, state=JobState.RUNNING, runner="x", epoch=4, lease_until_ms=2**52, export="f" * 64
    )
    await plain.store.transact(lambda transaction: transaction.put(taken), "x")
    async with dry_run(plain) as dry:
        assert (await dry.run(JobName.CUSTOMERS, whole(3), plain.limits)).counts.moved == 3
    assert await plain.store.read(MigrationRun, taken.id) == taken


async def test_what_a_dry_run_keeps_is_what_was_put_last_and_a_full_disk_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("payment_core.migration.dry_running.scratch.PAGES_MAX", 8)
    keys = [("customer", "a"), ("customer", "b")]
    async with Scratch() as scratch:
        await scratch.put({keys[0]: b"1"})
        await scratch.put({keys[0]: b"2"})
        assert await scratch.get(keys) == {keys[0]: b"2"}
        with pytest.raises(ScratchUnusable, match="full; name a folder with room"):
            await scratch.put({("customer", str(number)): b"x" * 4_000 for number in range(20)})
