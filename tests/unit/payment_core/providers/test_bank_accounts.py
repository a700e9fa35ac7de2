"""A bank account is verified before money moves, and what banks say about it is followed."""

from itertools import combinations_with_replacement
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from payment_core.ach.calendar import local_time
from payment_core.ach.codes.routing import check_digit
from payment_core.ach.files.model import AchEntry
from payment_core.answers import Answer
from payment_core.ledger.accounts import BANK, FEE_EXPENSE
from payment_core.methods.model import VaultRow
from payment_core.methods.unlinked import GRACE_MS
from payment_core.operations.bodies import NoBody
from payment_core.providers.account_options import DAY_MS, AccountOptions
from payment_core.providers.jobs import AccountVerification
from payment_core.providers.model import BankAccount, ComplianceCase
from payment_core.providers.refusals import BankAccountRefusal
from payment_core.providers.requests import GuessRequest, ReplacementRequest, VerificationRequest
from payment_core.providers.verifying import Verifying
from payment_core.vault.keys.port import KeyState
from tests.canary import Canary
from tests.unit.payment_core.escrow.escrow_world import Died, MortalStore
from tests.unit.payment_core.methods.vaulted_world import (
    ACCOUNT,
    NOW_MS,
    ORIGIN,
    ROUTING,
    VaultedWorld,
    account_request,
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


def wrong(amounts: tuple[int, ...]) -> GuessRequest:
    return GuessRequest((amounts[0], amounts[1] % 99 + 1))


@pytest.mark.parametrize(
    ("routing_number", "good"),
    [
        *((f"{prefix:02d}100002", prefix in {*range(13), *range(21, 33), *range(61, 73), 80}) for prefix in range(100)),
    ],
)
async def test_only_assigned_ranges_of_routing_numbers_are_taken(
    world: VaultedWorld, routing_number: str, good: bool
) -> None:
    complete = routing_number + check_digit(routing_number)
    answer = await world.accounts.create(world.call(), account_request(routing_number=complete))
    assert isinstance(answer, Answer)
    assert answer.status == (201 if good else 422)


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"routing_number": "000000000"}, "$.routing_number"),
        ({"routing_number": "021000022"}, "$.routing_number"),
        ({"routing_number": "02100002"}, "$.routing_number"),
        ({"routing_number": "02100002x"}, "$.routing_number"),
        ({"account_number": ""}, "$.account_number"),
        ({"account_number": "1234 5678"}, "$.account_number"),
        ({"account_number": "12345678901234567890"}, "$.account_number"),
        ({"holder_name": "Ada 4111111111111111"}, "$.holder_name"),
        ({"holder_id": "4111111111111111"}, "$.holder_id"),
    ],
)
async def test_an_account_that_cannot_be_is_refused_with_its_path(
    world: VaultedWorld, changes: dict[str, object], path: str
) -> None:
    problem = answered(await world.accounts.create(world.call(), account_request(**changes)), 422)
    assert [error["path"] for error in problem["errors"]] == [path]
    sent = str(next(iter(changes.values())))
    assert sent == "" or sent not in str(problem)
    assert await world.all(VaultRow) == []


@pytest.mark.parametrize("number", ["4929567812345674", "4111111111111111", "A-1", "12345678901234567"])
async def test_an_account_number_that_looks_like_a_card_is_taken(world: VaultedWorld, number: str) -> None:
    answered(await world.accounts.create(world.call(), account_request(account_number=number)), 201)


async def test_an_account_is_answered_without_its_number(world: VaultedWorld) -> None:
    shown = answered(await world.accounts.create(world.call(), account_request()), 201)
    assert (shown["status"], shown["last4"], shown["routing_number"]) == ("unverified", "1012", ROUTING)
    assert shown["token"].startswith("bank_")
    assert answered(await world.accounts.get(world.call(bank_account_id=shown["id"]), None)) == shown
    assert answered(await world.accounts.list(world.call(), None))["data"] == [shown]
    everything = [*world.memory._bodies.values(), *(row.body for row in await world.memory.events("", 1_000))]
    assert not [leak for each in everything for leak in Canary(ACCOUNT).in_bytes(each, "store")]


async def test_a_holder_that_is_a_provider_has_to_exist(world: VaultedWorld) -> None:
    body = account_request(holder_kind="provider", holder_id="pro_none")
    assert await world.accounts.create(world.call(), body) is BankAccountRefusal.HOLDER_NOT_FOUND
    world.clock.at_ms += GRACE_MS
    assert await world.unlinked.run_once(world.clock.now_ms()) == 1
    assert await world.all(VaultRow) == []


async def test_without_encryption_no_account_is_stored(world: VaultedWorld) -> None:
    await world.turn_off_key(KeyState.DISABLED)
    refused = await world.accounts.create(world.call(), account_request())
    assert refused is BankAccountRefusal.ENCRYPTION_UNAVAILABLE
    assert await world.all(BankAccount) == []
    assert [fact["subject"] for fact in await world.facts()] == ["encryption"]


async def test_micro_entries_are_two_credits_of_less_than_a_dollar_that_settle_together(world: VaultedWorld) -> None:
    account, amounts = await with_micro(world)
    entries = await world.entries(account.id)
    assert [(entry.direction, entry.sec, entry.description) for entry in entries] == [
        ("credit", "PPD", "ACCTVERIFY"),
        ("credit", "PPD", "ACCTVERIFY"),
    ]
    assert all(1 <= amount <= 99 for amount in amounts)
    assert len({entry.not_before_ms for entry in entries}) == 1
    assert set(account.entry_ids) == {entry.id for entry in entries}


async def test_a_companys_account_takes_ccd_entries(world: VaultedWorld) -> None:
    account, _ = await with_micro(world, account_class="company")
    assert {entry.sec for entry in await world.entries(account.id)} == {"CCD"}


async def test_the_right_amounts_in_any_order_verify_the_account(world: VaultedWorld) -> None:
    account, amounts = await with_micro(world)
    call = world.call(bank_account_id=account.id)
    shown = answered(await world.accounts.verify(call, GuessRequest(amounts[::-1])))
    assert (shown["status"], shown["verified_at_ms"], shown["attempts_left"]) == ("verified", NOW_MS, 0)
    again = await world.accounts.verify(world.call(bank_account_id=account.id), GuessRequest(amounts))
    assert again is BankAccountRefusal.ALREADY_VERIFIED


async def test_the_third_wrong_guess_ends_it_and_the_right_one_comes_too_late(world: VaultedWorld) -> None:
    account, amounts = await with_micro(world)
    for left in (2, 1, 0):
        problem = answered(await world.accounts.verify(world.call(bank_account_id=account.id), wrong(amounts)), 422)
        assert problem["resource"]["attempts_left"] == left
        assert not [amount for amount in amounts if f" {amount} " in problem["detail"].replace(f" {left} ", "")]
    assert (await world.account(account.id)).status == "failed"
    late = await world.accounts.verify(world.call(bank_account_id=account.id), GuessRequest(amounts))
    assert late is BankAccountRefusal.VERIFICATION_FAILED
    anew = await world.accounts.start_verification(world.call(bank_account_id=account.id), MICRO)
    assert anew is BankAccountRefusal.VERIFICATION_FAILED


async def test_a_guess_that_is_sent_twice_counts_once(world: VaultedWorld) -> None:
    account, amounts = await with_micro(world)
    call = world.call(key="one", bank_account_id=account.id)
    for _ in range(5):
        answered(await world.accounts.verify(call, wrong(amounts)), 422)
    assert (await world.account(account.id)).micro_attempts == 1


@pytest.mark.parametrize("amounts", [[1], [1, 2, 3], [0, 5], [100, 5], ["1", "2"], [1.5, 2]])
def test_a_guess_is_two_amounts_of_less_than_a_dollar(amounts: list[object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(msgspec.json.encode({"amounts_cents": amounts}), type=GuessRequest)


async def test_micro_entries_expire_after_ten_days(world: VaultedWorld) -> None:
    account, amounts = await with_micro(world)
    world.clock.at_ms += 10 * DAY_MS
    expired = await world.accounts.verify(world.call(bank_account_id=account.id), GuessRequest(amounts))
    assert expired is BankAccountRefusal.MICRO_ENTRIES_EXPIRED
    assert await world.verification.run_once(world.clock.now_ms()) == 1
    after = await world.account(account.id)
    assert (after.status, after.micro_hash, after.due_at_ms) == ("unverified", "", 0)
    assert await world.verification.run_once(world.clock.now_ms()) == 0
    answered(await world.accounts.start_verification(world.call(bank_account_id=account.id), MICRO))


async def test_the_account_keeps_a_keyed_hash_of_the_amounts_and_not_the_amounts(world: VaultedWorld) -> None:
    account, amounts = await with_micro(world)
    other = Verifying(ORIGIN, AccountOptions(), b"o" * 32)
    own = Verifying(ORIGIN, AccountOptions(), b"k" * 32)
    found = [
        pair
        for pair in combinations_with_replacement(range(1, 100), 2)
        if other._hash(account.id, account.entry_ids, pair) == account.micro_hash
    ]
    assert found == []
    assert own._hash(account.id, account.entry_ids, amounts) == account.micro_hash


@settings(max_examples=20, deadline=None)
@given(st.tuples(st.integers(1, 99), st.integers(1, 99)), st.tuples(st.integers(1, 99), st.integers(1, 99)))
def test_only_the_same_two_amounts_have_the_same_hash(first: tuple[int, int], second: tuple[int, int]) -> None:
    verifying = Verifying(ORIGIN, AccountOptions(), b"k" * 32)
    same = verifying._hash("ba_1", ("ent_1",), first) == verifying._hash("ba_1", ("ent_1",), second)
    assert same == (sorted(first) == sorted(second))


async def test_what_micro_entries_give_away_is_in_the_ledger_and_comes_back_with_a_return(
    world: VaultedWorld,
) -> None:
    account, amounts = await with_micro(world)
    await world.settle(account.id)
    expense = await world.memory.account(FEE_EXPENSE.name)
    assert expense.balance_cents("debit") == sum(amounts)
    first, second = await world.entries(account.id)
    await world.move(first.id, "returned", return_code="R03")
    await world.move(second.id, "returned", return_code="R03")
    assert (await world.memory.account(FEE_EXPENSE.name)).balance_cents("debit") == 0
    assert (await world.memory.account(BANK.name)).balance_cents("debit") == 0
    after = await world.account(account.id)
    assert (after.status, after.disabled_code) == ("disabled", "R03")


async def test_a_micro_entry_that_is_returned_before_it_settled_costs_nothing(world: VaultedWorld) -> None:
    account, _ = await with_micro(world)
    first, _ = await world.entries(account.id)
    await world.move(first.id, "claimed", "built", "submitted")
    await world.move(first.id, "returned", return_code="R02")
    assert (await world.memory.account(FEE_EXPENSE.name)).balance_cents("debit") == 0
    assert (await world.account(account.id)).disabled_code == "R02"


async def test_a_canceled_entry_lets_the_verification_start_again(world: VaultedWorld) -> None:
    account, _ = await with_micro(world)
    first, _ = await world.entries(account.id)
    await world.move(first.id, "canceled")
    assert (await world.account(account.id)).status == "unverified"
    answered(await world.accounts.start_verification(world.call(bank_account_id=account.id), PRENOTE))


async def test_a_prenote_that_nobody_returns_in_three_banking_days_verifies(world: VaultedWorld) -> None:
    account = await world.add_account()
    answered(await world.accounts.start_verification(world.call(bank_account_id=account.id), PRENOTE))
    [entry] = await world.entries(account.id)
    assert (entry.amount_cents, entry.purpose, entry.direction) == (0, "prenote", "debit")
    assert await world.verification.run_once(NOW_MS + 100 * DAY_MS) == 0
    await world.settle(account.id)
    # Settled on Thanksgiving of 2026 (a Thursday): Friday, Monday and Tuesday are the three banking days.
    deadline = (await world.account(account.id)).due_at_ms
    assert local_time(deadline).isoformat() == "2026-12-01T23:59:00-05:00"
    world.clock.at_ms = deadline - 1
    assert await world.verification.run_once(world.clock.now_ms()) == 0
    world.clock.at_ms = deadline
    assert await world.verification.run_once(world.clock.now_ms()) == 1
    assert (await world.account(account.id)).status == "verified"


async def test_a_returned_prenote_disables_the_account(world: VaultedWorld) -> None:
    account = await world.add_account()
    answered(await world.accounts.start_verification(world.call(bank_account_id=account.id), PRENOTE))
    await world.settle(account.id)
    [entry] = await world.entries(account.id)
    await world.move(entry.id, "returned", return_code="R04")
    world.clock.at_ms += 100 * DAY_MS
    assert await world.verification.run_once(world.clock.now_ms()) == 0
    assert (await world.account(account.id)).disabled_code == "R04"


@pytest.mark.parametrize(("code", "cases"), [("R02", 0), ("R16", 1), ("R14", 1)])
async def test_a_frozen_account_opens_a_case(world: VaultedWorld, code: str, cases: int) -> None:
    account = await verified(world)
    await world.memory.transact(lambda tx: world.books.disable_bank_account(tx, account.id, code), "test")
    await world.memory.transact(lambda tx: world.books.disable_bank_account(tx, account.id, "R20"), "test")
    assert (await world.account(account.id)).disabled_code == code
    assert len(await world.all(ComplianceCase)) == cases


async def test_a_debit_needs_a_verified_account_of_a_customer(world: VaultedWorld) -> None:
    account = await world.add_account()
    method = await world.resolving.resolve(account.token)
    assert method is not None
    assert (method.rail, method.why_not) == ("ach", "bank_account_unverified")
    good = await verified(world, account_number="5550001")
    method = await world.resolving.resolve(good.token)
    assert method is not None
    assert (method.why_not, method.holder_customer_id, method.last4) == ("", "cus_1", "001")
    provider_id = await world.add_provider()
    payee = await verified(world, holder_kind="provider", holder_id=provider_id)
    method = await world.resolving.resolve(payee.token)
    assert method is not None
    assert method.why_not == "bank_account_not_of_customer"


async def test_an_unknown_account_is_not_found(world: VaultedWorld) -> None:
    call = world.call(bank_account_id="ba_none")
    operations: tuple[tuple[Any, Any], ...] = (
        (world.accounts.get, None),
        (world.accounts.start_verification, MICRO),
        (world.accounts.verify, GuessRequest((1, 2))),
        (world.accounts.replace, REPLACEMENT),
        (world.accounts.disable, NoBody()),
    )
    for operation, body in operations:
        assert await operation(call, body) is BankAccountRefusal.BANK_ACCOUNT_NOT_FOUND


async def test_verification_that_dies_anywhere_has_one_pair_of_entries_after_its_retry() -> None:
    dies_at, died = 0, True
    while died:
        dies_at += 1
        world = VaultedWorld()
        mortal = MortalStore(world.memory)
        world.use(mortal)
        account = await world.add_account()
        call = world.call(key="one", bank_account_id=account.id)
        mortal.awaits, mortal.dies_at, died = 0, dies_at, False
        try:
            await world.accounts.start_verification(call, MICRO)
        except Died:
            died = True
        mortal.dies_at = 0
        answered(await world.accounts.start_verification(call, MICRO))
        assert len(await world.all(AchEntry)) == 2
        world.clock.at_ms += 10 * DAY_MS
        mortal.awaits, mortal.dies_at = 0, dies_at
        try:
            await AccountVerification(mortal, world.verifying).run_once(world.clock.now_ms())
        except Died:
            mortal.dies_at = 0
        mortal.dies_at = 0
        await AccountVerification(mortal, world.verifying).run_once(world.clock.now_ms())
        assert (await world.account(account.id)).version == 3
