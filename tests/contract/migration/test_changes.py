"""What changed at the old processor since the export, by the feed or another export: one object, another state."""

import msgspec
import pytest

from payment_core.methods.model import PaymentMethod, VaultKey
from payment_core.migration.export.kinds import Kind
from payment_core.migration.export.records import Body
from payment_core.migration.export.shapes.account import Requirements
from payment_core.migration.model import Moved, Quarantined, moved_id
from payment_core.migration.names import JobName, Outcome
from payment_core.operations.documents import next_of, object_changed
from payment_core.providers.model import BankAccount, Provider, TokenLink
from payment_core.store.port import Transaction
from tests.contract.migration.invented import (
    MADE_AT_MS,
    Invented,
    account,
    balance_transaction,
    bank,
    card,
    card_number,
    charge,
    customers,
    record,
    whole,
)
from tests.contract.migration.worlds import ORIGIN, World, reconciled, run_all

LATER_MS = MADE_AT_MS + 60_000


async def take(world: World, kind: Kind, body: Body, *, later: int = 0, removed: bool = False) -> Outcome:
    """What becomes of one record of the feed."""
    return await world.runner().take(record(body, kind, 1, occurred_at_ms=LATER_MS + later, removed=removed))


async def local_id(world: World, kind: Kind, old_id: str) -> str:
    """What it is here."""
    moved = await world.store.read(Moved, moved_id(kind, old_id))
    assert moved is not None
    return moved.local_id


async def provider_of(world: World, old_id: str) -> Provider:
    """Who an account is here."""
    found = await world.store.read(Provider, await local_id(world, Kind.ACCOUNTS, old_id))
    assert found is not None
    return found


async def bank_of(world: World, old_id: str) -> BankAccount:
    """What an external account is here."""
    found = await world.store.read(BankAccount, await local_id(world, Kind.BANK_ACCOUNTS, old_id))
    assert found is not None
    return found


async def test_a_card_that_was_renewed_keeps_its_token_and_is_sealed_anew(plain: World) -> None:
    await run_all(plain, whole(2))
    token = await local_id(plain, Kind.PAYMENT_METHODS, "pm_1")
    before = await plain.store.read(VaultKey, token)
    again = whole(2)
    renewed = card("pm_1", "cus_1", card_number(1), year=2034)
    again.reads_of[Kind.PAYMENT_METHODS][0] = record(renewed, Kind.PAYMENT_METHODS, 1)
    again = again.later()
    statuses = await run_all(plain, again)
    assert (statuses[1].counts.updated, statuses[1].counts.unchanged) == (1, 1)
    method = await plain.store.read(PaymentMethod, token)
    assert method is not None
    assert (method.expiry_year, method.version) == (2034, 2)
    assert await plain.store.read(VaultKey, token) != before
    assert (await reconciled(plain, again)).right


async def test_a_card_of_the_feed_that_has_no_number_waits_for_one(plain: World) -> None:
    await run_all(plain, whole(2))
    shown = msgspec.structs.replace(card("pm_1", "cus_1", card_number(1), year=2034), number=None)
    assert await take(plain, Kind.PAYMENT_METHODS, shown) is Outcome.QUARANTINED
    assert (await plain.runner().status(JobName.PAYMENT_METHODS)).waiting == 1


@pytest.mark.parametrize(
    ("said", "status", "suspended_for"),
    [
        ({"payouts_enabled": False}, "suspended", "old processor: payouts were off"),
        (
            {"requirements": Requirements(disabled_reason="rejected.fraud")},
            "suspended",
            "old processor: rejected.fraud",
        ),
        ({"requirements": Requirements(past_due=("external_account",))}, "needs_review", ""),
        ({"name": "Listed Person"}, "suspended", "name screening"),
        ({"name": "Another Name"}, "active", ""),
    ],
)
async def test_a_record_makes_a_providers_standing_worse(
    plain: World, said: dict[str, object], status: str, suspended_for: str
) -> None:
    await run_all(plain, whole(1))
    assert await take(plain, Kind.ACCOUNTS, account("acct_1", **said)) is Outcome.UPDATED
    provider = await provider_of(plain, "acct_1")
    assert (provider.status, provider.suspended_for) == (status, suspended_for)
    assert await take(plain, Kind.ACCOUNTS, account("acct_1"), later=1) is Outcome.UPDATED
    assert (await provider_of(plain, "acct_1")).status == status


async def test_what_people_decided_here_stays(plain: World) -> None:
    await run_all(plain, whole(1))
    provider = await provider_of(plain, "acct_1")
    closed = next_of(provider, plain.clock.now_ms(), status="closed")

    def close(transaction: Transaction) -> None:
        transaction.change(closed, object_changed(closed, ORIGIN, status="closed"))

    await plain.store.transact(close, "key:alice")
    assert await take(plain, Kind.ACCOUNTS, account("acct_1", name="Back Again")) is Outcome.QUARANTINED
    found = await reconciled(plain, whole(1))
    assert (found.right, sum(kind.changed_here for kind in found.kinds)) == (True, 1)


async def test_a_bank_account_follows_its_record_and_another_number_is_another_account(plain: World) -> None:
    source = Invented().add(Kind.ACCOUNTS, account("acct_1"))
    source.add(Kind.BANK_ACCOUNTS, bank("ba_1", "acct_1", status="new"))
    await run_all(plain, source)
    assert (await provider_of(plain, "acct_1")).default_bank_account_id == (await bank_of(plain, "ba_1")).id
    renamed = bank("ba_1", "acct_1", status="verification_failed", account_holder_name="Plumber LLC")
    assert await take(plain, Kind.BANK_ACCOUNTS, renamed) is Outcome.UPDATED
    after = await bank_of(plain, "ba_1")
    assert (after.status, after.holder_name) == ("failed", "Plumber LLC")
    other = bank("ba_1", "acct_1", "000999888777")
    assert await take(plain, Kind.BANK_ACCOUNTS, other, later=1) is Outcome.QUARANTINED
    gone = bank("ba_1", "acct_1")
    assert await take(plain, Kind.BANK_ACCOUNTS, gone, later=2, removed=True) is Outcome.UPDATED
    ended = await bank_of(plain, "ba_1")
    assert (ended.status, ended.disabled_code) == ("disabled", "closed")
    assert await plain.store.read(TokenLink, ended.token) is None
    assert await plain.store.read(VaultKey, ended.token) is None
    assert (await provider_of(plain, "acct_1")).default_bank_account_id == ""


async def test_what_a_dispute_or_a_foreign_currency_changed_is_no_disagreement(plain: World) -> None:
    source = Invented().add(Kind.CUSTOMERS, *customers([1])).add(Kind.CHARGES, charge(1, 10_000, "eur"))
    source.add(Kind.BALANCE_TRANSACTIONS, balance_transaction(1, 11_000, 300, source="ch_1", currency="usd"))
    source.add(Kind.BALANCE_TRANSACTIONS, balance_transaction(2, -10_000, 1_500, kind="adjustment", source="dp_1"))
    source.add(Kind.BALANCE_TRANSACTIONS, balance_transaction(3, 0, 200, kind="Odd/Kind", account="acct_9"))
    statuses = await run_all(plain, source)
    assert statuses[3].counts.quarantined == 0
    found = await reconciled(plain, source)
    assert {(one.account, one.here) for one in found.accounts} == {
        ("history_balance/platform", 11_000 - 300 - 11_500),
        ("history_balance/acct_9", -200),
    }
    assert found.right


async def test_a_card_that_was_there_twice_is_destroyed_only_once_both_are_taken_off(plain: World) -> None:
    source = whole(1).add(Kind.PAYMENT_METHODS, card("pm_again", "cus_1", card_number(1)))
    await run_all(plain, source)
    token = await local_id(plain, Kind.PAYMENT_METHODS, "pm_again")
    assert token == await local_id(plain, Kind.PAYMENT_METHODS, "pm_1")
    gone = card("pm_again", None, card_number(1))
    for later in (1, 1):
        assert await take(plain, Kind.PAYMENT_METHODS, gone, later=later, removed=True) is Outcome.QUARANTINED
    waits = await plain.store.read(Quarantined, moved_id(Kind.PAYMENT_METHODS, "pm_again"))
    assert waits is not None
    assert waits.reason == "still_there"
    assert await plain.store.read(VaultKey, token) is not None
    last = card("pm_1", None, card_number(1))
    assert await take(plain, Kind.PAYMENT_METHODS, last, later=2, removed=True) is Outcome.UPDATED
    assert await plain.store.read(VaultKey, token) is None


async def test_a_renewed_card_that_was_there_twice_is_still_left_to_the_other(plain: World) -> None:
    await run_all(plain, whole(1).add(Kind.PAYMENT_METHODS, card("pm_again", "cus_1", card_number(1))))
    renewed = card("pm_1", "cus_1", card_number(1), year=2034)
    assert await take(plain, Kind.PAYMENT_METHODS, renewed) is Outcome.UPDATED
    gone = card("pm_1", None, card_number(1))
    assert await take(plain, Kind.PAYMENT_METHODS, gone, later=1, removed=True) is Outcome.QUARANTINED
    assert await plain.store.read(VaultKey, await local_id(plain, Kind.PAYMENT_METHODS, "pm_again")) is not None


async def test_a_bank_account_that_was_there_twice_stays_usable_until_both_are_taken_off(plain: World) -> None:
    source = Invented().add(Kind.ACCOUNTS, account("acct_1"))
    await run_all(plain, source.add(Kind.BANK_ACCOUNTS, bank("ba_1", "acct_1"), bank("ba_2", "acct_1")))
    gone, last = bank("ba_1", "acct_1"), bank("ba_2", "acct_1")
    assert await take(plain, Kind.BANK_ACCOUNTS, gone, removed=True) is Outcome.QUARANTINED
    assert (await bank_of(plain, "ba_2")).status == "verified"
    assert (await provider_of(plain, "acct_1")).default_bank_account_id == (await bank_of(plain, "ba_2")).id
    assert await take(plain, Kind.BANK_ACCOUNTS, last, later=1, removed=True) is Outcome.UPDATED
    assert (await bank_of(plain, "ba_2")).status == "disabled"


async def test_what_came_and_went_before_the_export_is_no_news(plain: World) -> None:
    await run_all(plain, whole(1))
    brief = card("pm_brief", "cus_1", card_number(9))
    second = MADE_AT_MS // 1000 * 1000
    for body, removed in ((brief, False), (card("pm_brief", None, card_number(9)), True)):
        older = record(body, Kind.PAYMENT_METHODS, 1, occurred_at_ms=second - 1_000, removed=removed)
        assert await plain.runner().take(older) is Outcome.OLDER
    assert await plain.store.read(Moved, moved_id(Kind.PAYMENT_METHODS, "pm_brief")) is None
    assert await plain.store.read(Quarantined, moved_id(Kind.PAYMENT_METHODS, "pm_brief")) is None
    same_second = record(brief, Kind.PAYMENT_METHODS, 1, occurred_at_ms=second)
    assert await plain.runner().take(same_second) is Outcome.MOVED
