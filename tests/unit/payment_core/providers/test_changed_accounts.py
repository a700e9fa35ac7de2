"""Another number of a bank account, whether its holder or its bank says so, is followed everywhere and once."""

from typing import Any

import msgspec
import pytest

from payment_core.ach.codes.changes import Correction, parse_corrected_data
from payment_core.ledger.accounts import FEE_EXPENSE
from payment_core.methods.model import VaultRow
from payment_core.methods.unlinked import GRACE_MS
from payment_core.operations.bodies import NoBody
from payment_core.providers.account_options import DAY_MS
from payment_core.providers.model import BankAccount, Provider, TokenLink
from payment_core.providers.refusals import BankAccountRefusal
from payment_core.providers.requests import GuessRequest, ReplacementRequest, VerificationRequest
from payment_core.vault.numbers.instruments import BankAccount as VaultedAccount
from tests.unit.payment_core.escrow.escrow_world import Died, MortalStore
from tests.unit.payment_core.methods.vaulted_world import (
    ACCOUNT,
    ROUTING,
    VaultedWorld,
    answered,
)

MICRO = VerificationRequest("micro")
PRENOTE = VerificationRequest("prenote")
OTHER_ROUTING = "011401533"
REPLACEMENT = ReplacementRequest(
    routing_number=OTHER_ROUTING, account_number="777000111222", account_type="savings", account_class="company"
)


@pytest.fixture
def world() -> VaultedWorld:
    return VaultedWorld()


async def with_micro(world: VaultedWorld, **fields: Any) -> tuple[BankAccount, tuple[int, ...]]:  # noqa: ANN401
    account = await world.add_account(**fields)
    answered(await world.accounts.start_verification(world.call(bank_account_id=account.id), MICRO))
    amounts = tuple(entry.amount_cents for entry in await world.entries(account.id))
    return await world.account(account.id), amounts


async def verified(world: VaultedWorld, **fields: Any) -> BankAccount:  # noqa: ANN401
    account, amounts = await with_micro(world, **fields)
    await world.settle(account.id)
    answered(await world.accounts.verify(world.call(bank_account_id=account.id), GuessRequest(amounts)))
    return await world.account(account.id)


async def test_another_number_has_to_be_verified_anew(world: VaultedWorld) -> None:
    account = await verified(world)
    world.clock.at_ms += DAY_MS
    shown = answered(await world.accounts.replace(world.call(bank_account_id=account.id), REPLACEMENT))
    assert (shown["status"], shown["last4"], shown["account_type"], shown["verified_at_ms"]) == (
        "unverified",
        "1222",
        "savings",
        0,
    )
    assert shown["changed_at_ms"] == world.clock.now_ms()
    assert await world.resolving.resolve(account.token) is None
    assert await world.resolving.resolve(shown["token"]) is not None
    assert [link.id for link in await world.all(TokenLink)] == [shown["token"]]


async def test_the_old_number_is_kept_for_entries_on_their_way_and_then_destroyed(world: VaultedWorld) -> None:
    account = await world.add_account()
    answered(await world.accounts.replace(world.call(bank_account_id=account.id), REPLACEMENT))
    world.clock.at_ms += 10 * DAY_MS
    assert await world.unlinked.run_once(world.clock.now_ms()) == 0
    assert (await world.numbers.reveal(account.token, "file", "core:ach")).reveal() == ACCOUNT
    world.clock.at_ms += GRACE_MS
    assert await world.unlinked.run_once(world.clock.now_ms()) == 1
    assert [row.id for row in await world.all(VaultRow)] == [(await world.account(account.id)).token]


async def test_a_return_of_the_old_number_does_not_disable_the_new_one(world: VaultedWorld) -> None:
    account, amounts = await with_micro(world)
    await world.settle(account.id)
    answered(await world.accounts.replace(world.call(bank_account_id=account.id), REPLACEMENT))
    first, _ = await world.entries(account.id)
    await world.move(first.id, "returned", return_code="R03")
    assert (await world.account(account.id)).status == "unverified"
    assert (await world.memory.account(FEE_EXPENSE.name)).balance_cents("debit") == amounts[1]


async def test_replacing_the_account_of_payouts_is_remembered_at_the_provider(world: VaultedWorld) -> None:
    provider_id = await world.add_provider()
    account = await verified(world, holder_kind="provider", holder_id=provider_id)
    provider = await world.memory.read(Provider, provider_id)
    assert provider is not None
    await world.memory.transact(
        lambda tx: tx.put(msgspec.structs.replace(provider, default_bank_account_id=account.id)), "test"
    )
    world.clock.at_ms += 5
    answered(await world.accounts.replace(world.call(bank_account_id=account.id), REPLACEMENT))
    after = await world.memory.read(Provider, provider_id)
    assert after is not None
    assert after.bank_account_changed_at_ms == world.clock.now_ms()


async def test_a_closed_account_is_never_used_again(world: VaultedWorld) -> None:
    account = await world.add_account()
    call = world.call(bank_account_id=account.id)
    assert answered(await world.accounts.disable(call, NoBody()))["disabled_code"] == "closed"
    again = await world.accounts.disable(world.call(bank_account_id=account.id), NoBody())
    assert again is BankAccountRefusal.BANK_ACCOUNT_DISABLED
    replaced = await world.accounts.replace(world.call(bank_account_id=account.id), REPLACEMENT)
    assert replaced is BankAccountRefusal.BANK_ACCOUNT_DISABLED
    started = await world.accounts.start_verification(world.call(bank_account_id=account.id), MICRO)
    assert started is BankAccountRefusal.BANK_ACCOUNT_DISABLED


CORRECTIONS = [
    ("C01", "000111222333", "000111222333", ROUTING, "checking", "Ada Lovelace"),
    ("C02", OTHER_ROUTING, ACCOUNT, OTHER_ROUTING, "checking", "Ada Lovelace"),
    ("C03", f"{OTHER_ROUTING}   000111222333", "000111222333", OTHER_ROUTING, "checking", "Ada Lovelace"),
    ("C04", "Ada King", ACCOUNT, ROUTING, "checking", "Ada King"),
    ("C05", "32", ACCOUNT, ROUTING, "savings", "Ada Lovelace"),
    ("C06", "000111222333        32", "000111222333", ROUTING, "savings", "Ada Lovelace"),
    ("C07", f"{OTHER_ROUTING}000111222333     32", "000111222333", OTHER_ROUTING, "savings", "Ada Lovelace"),
]


@pytest.mark.parametrize(("code", "data", "number", "routing", "kind", "name"), CORRECTIONS)
@pytest.mark.parametrize("holder_kind", ["customer", "provider"])
async def test_a_notification_of_change_corrects_what_its_code_names(
    world: VaultedWorld, code: str, data: str, number: str, routing: str, kind: str, name: str, holder_kind: str
) -> None:
    holder_id = await world.add_provider() if holder_kind == "provider" else "cus_1"
    before = await verified(world, holder_id=holder_id, holder_kind=holder_kind)
    correction = parse_corrected_data(code, data)
    assert correction is not None
    world.clock.at_ms += DAY_MS
    assert await world.correct(before.id, code, correction)
    after = await world.account(before.id)
    assert (after.routing_number, after.account_type, after.holder_name) == (routing, kind, name)
    vaulted = await world.revealing.reveal(after.token, "ach_files", "a test", "test")
    assert isinstance(vaulted, VaultedAccount)
    assert (vaulted.account_number.reveal(), vaulted.routing_number, vaulted.account_type) == (number, routing, kind)
    anew = holder_kind == "customer" and number != ACCOUNT
    assert after.status == ("unverified" if anew else "verified")
    assert after.correction_code == code
    assert (after.changed_at_ms == world.clock.now_ms()) == (code != "C04")
    assert not await world.correct(before.id, code, correction)
    assert await world.account(before.id) == after


async def test_a_correction_to_what_cannot_be_changes_nothing(world: VaultedWorld) -> None:
    account = await verified(world)
    assert not await world.correct(account.id, "C01", Correction(account_number="12 34"))
    assert not await world.correct(account.id, "C09", Correction(identification="x"))
    assert not await world.correct("ba_none", "C01", Correction(account_number="1234"))
    assert await world.account(account.id) == account


async def test_a_correction_that_dies_anywhere_is_applied_exactly_once_by_the_next_try() -> None:
    dies_at, died = 0, True
    while died:
        dies_at += 1
        world = VaultedWorld()
        mortal = MortalStore(world.memory)
        world.use(mortal)
        account = await verified(world)
        mortal.awaits, mortal.dies_at, died = 0, dies_at, False
        try:
            await world.correct(account.id, "C01", Correction(account_number="000111222333"))
        except Died:
            died = True
        mortal.dies_at = 0
        await world.correct(account.id, "C01", Correction(account_number="000111222333"))
        after = await world.account(account.id)
        assert (after.version, after.last4) == (account.version + 1, "2333")
        world.clock.at_ms += 10 * DAY_MS + GRACE_MS
        await world.unlinked.run_once(world.clock.now_ms())
        assert [row.id for row in await world.all(VaultRow)] == [after.token]
    assert dies_at > 5
