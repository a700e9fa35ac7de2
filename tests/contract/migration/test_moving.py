"""An export moves whole over every store, and a second run changes nothing."""

from pathlib import Path

import msgspec

from payment_core.customers.model import Customer
from payment_core.ledger.verify import LedgerVerifier
from payment_core.methods.model import PaymentMethod
from payment_core.migration.engine.claiming import Asked
from payment_core.migration.export.kinds import Kind
from payment_core.migration.model import Moved, Quarantined, moved_id
from payment_core.migration.names import JobName, JobState
from payment_core.providers.model import BankAccount, Provider
from payment_core.store.walking import every_account
from tests.canary import leaks_of
from tests.contract.migration.invented import Invented, account, bank, card, card_number, customers, whole
from tests.contract.migration.worlds import World, contents, dry_runs, migration_world, reconciled, run_all

COUNT = 3


async def test_everything_moves_and_is_proved_and_a_second_run_changes_nothing(world: World) -> None:
    source = whole(COUNT)
    dry = await dry_runs(world, source)
    assert await contents(world.store) == {}
    statuses = await run_all(world, source)
    assert [(one.counts, one.source, one.target) for one in dry] == [
        (one.counts, one.source, one.target) for one in statuses
    ]
    assert {status.state for status in statuses} == {JobState.DONE}
    assert [status.counts.moved for status in statuses] == [3, 3, 6, 8, 20]
    assert all(status.source == status.target and status.unproved == 0 for status in statuses)
    before = await contents(world.store)
    again = [await world.runner().run(job, source, world.limits, Asked(again=True)) for job in JobName]
    assert await contents(world.store) == before
    assert [status.counts.unchanged for status in again] == [3, 3, 6, 8, 0]
    assert [status.counts.moved for status in again] == [0, 0, 0, 0, 0]
    found = await reconciled(world, source)
    assert (found.right, found.complete, found.difference_count) == (True, True, 0)
    net = 3 * 10_000 + 6 - 3 * 59 - 5_000
    assert [(one.currency, one.exported, one.here) for one in found.accounts] == [("USD", net, net)]
    ledger = await LedgerVerifier(world.store, world.store).check_all()
    assert (ledger.balanced, ledger.violations) == (True, ())
    undone = [await world.runner().undo(job, world.limits) for job in reversed(JobName)]
    assert [one.records for one in undone] == [0, 8, 6, 3, 3]
    assert {row.balances.balance_cents("debit") async for row in every_account(world.store)} == {0}
    assert (await LedgerVerifier(world.store, world.store).check_all()).balanced


async def test_a_job_that_is_done_is_not_begun_again_unless_it_is_asked_for(plain: World) -> None:
    source = whole(2)
    await run_all(plain, source)
    given = source.reads
    await run_all(plain, source)
    assert source.reads == given


async def test_who_somebody_was_is_found_from_either_side(plain: World) -> None:
    await run_all(plain, whole(2))
    moved = await plain.store.read(Moved, moved_id(Kind.PAYMENT_METHODS, "pm_1"))
    assert moved is not None
    method = await plain.store.read(PaymentMethod, moved.local_id)
    assert method is not None
    assert (method.customer_id, method.last4) == ("cus_1", card_number(1)[-4:])
    assert moved.owner == f"payment_methods:{method.id}"
    assert b"ntid-1" in moved.kept
    customer = await plain.store.read(Customer, "cus_2")
    assert customer is not None
    assert (customer.name, customer.metadata) == ("Ada 2", (("city", "Austin"), ("tier", "gold")))


async def test_the_same_card_of_the_same_customer_is_sealed_once(plain: World) -> None:
    source = whole(2)
    source.add(Kind.PAYMENT_METHODS, card("pm_same", "cus_1", card_number(1)), card("pm_else", "cus_2", card_number(1)))
    statuses = await run_all(plain, source)
    first, same, other = [
        await plain.store.read(Moved, moved_id(Kind.PAYMENT_METHODS, name)) for name in ("pm_1", "pm_same", "pm_else")
    ]
    assert first is not None
    assert same is not None
    assert other is not None
    assert first.local_id == same.local_id != other.local_id
    assert statuses[1].counts.merged == 1


async def test_an_account_is_paid_here_only_as_far_as_it_was_paid_there(plain: World) -> None:
    source = Invented()
    source.add(
        Kind.ACCOUNTS,
        account("acct_off", payouts_enabled=False),
        account("acct_closed", deleted=True),
        account("acct_listed", name="Listed Person"),
        account("acct_good"),
    )
    source.add(
        Kind.BANK_ACCOUNTS,
        bank("ba_good", "acct_good"),
        bank("ba_new", "acct_good", "000999888777", status="new", default_for_currency=False),
        bank("ba_closed", "acct_closed"),
        bank("ba_abroad", "acct_good", country="DE", currency="eur"),
        bank("ba_mistyped", "acct_good", routing_number="021000022"),
    )
    statuses = await run_all(plain, source)
    assert statuses[2].counts.quarantined == 3
    standing = {}
    for name in ("acct_off", "acct_closed", "acct_listed", "acct_good"):
        moved = await plain.store.read(Moved, moved_id(Kind.ACCOUNTS, name))
        provider = None if moved is None else await plain.store.read(Provider, moved.local_id)
        assert provider is not None
        standing[name] = (provider.status, provider.suspended_for)
    assert standing == {
        "acct_off": ("suspended", "old processor: payouts were off"),
        "acct_closed": ("closed", ""),
        "acct_listed": ("suspended", "name screening"),
        "acct_good": ("active", ""),
    }
    states = {}
    for name in ("ba_good", "ba_new"):
        moved = await plain.store.read(Moved, moved_id(Kind.BANK_ACCOUNTS, name))
        found = None if moved is None else await plain.store.read(BankAccount, moved.local_id)
        assert found is not None
        states[name] = found.status
    assert states == {"ba_good": "verified", "ba_new": "unverified"}


async def test_a_second_run_changes_nothing_of_what_waits_either(plain: World) -> None:
    source = whole(2)
    (ada,) = customers([7])
    source.add(Kind.PAYMENT_METHODS, card("pm_1", "cus_1", "4000000000000000"))
    source.add(Kind.PAYMENT_METHODS, card("pm_8", "cus_1", "4000000000000000"), card("pm_8", "cus_1", card_number(8)))
    twice = (card("pm_9", "cus_1", "4000000000000000"), card("pm_9", "cus_1", "4000000000000018"))
    source.add(Kind.PAYMENT_METHODS, *twice)
    source.add(Kind.CUSTOMERS, ada, msgspec.structs.replace(ada, name="Ada, later"), ada)
    await run_all(plain, source)
    before = await contents(plain.store)
    plain.clock.wall_ms += 1_000
    for job in JobName:
        await plain.runner().run(job, source, plain.limits, Asked(again=True))
    assert await contents(plain.store) == before
    waiting = {entry.id: entry.resolved_at_ms > 0 for entry in before.values() if isinstance(entry, Quarantined)}
    assert waiting == {"payment_methods:pm_1": False, "payment_methods:pm_8": True, "payment_methods:pm_9": False}


async def test_no_number_is_in_a_file_also_where_it_could_not_move(tmp_path: Path) -> None:
    account_numbers = ("830417726519", "640915273388")
    pans = (card_number(830_417_726), "5204740009900014")
    source = Invented().add(Kind.CUSTOMERS, *customers([1]))
    source.add(Kind.PAYMENT_METHODS, card("pm_1", "cus_1", pans[0]), card("pm_2", "cus_1", pans[1], year=2019))
    source.add(Kind.PAYMENT_METHODS, card("pm_3", "cus_1", f"{pans[1][:-1]}5"))
    source.add(Kind.ACCOUNTS, account("acct_1"))
    source.add(Kind.BANK_ACCOUNTS, bank("ba_1", "acct_1", account_numbers[0]))
    source.add(Kind.BANK_ACCOUNTS, bank("ba_2", "acct_1", account_numbers[1], routing_number="021000022"))
    async with migration_world("sqlite", tmp_path) as world:
        statuses = await run_all(world, source)
        assert [status.counts.quarantined for status in statuses] == [0, 2, 1, 0, 0]
        assert (await reconciled(world, source)).right
        numbers = (*pans, *account_numbers, f"{pans[1][:-1]}5")
        assert leaks_of(numbers, tmp_path) == []
