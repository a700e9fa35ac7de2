"""Providers are screened, suspended and cleared, and what people decided is never undone by the machine."""

import msgspec
import pytest

from payment_core.answers import Answer
from payment_core.fraud.screening import ScreeningAnswer
from payment_core.ledger.accounts import CUSTOMER_ESCROW, PROVIDER_AVAILABLE, RAIL_CLEARING
from payment_core.ledger.journals import Journal, Move
from payment_core.operations.bodies import NoBody, ReasonRequest
from payment_core.providers.model import ComplianceCase, Provider
from payment_core.providers.refusals import (
    BankAccountRefusal,
    ProviderRefusal,
    explain_bank_account,
    explain_provider,
)
from payment_core.providers.requests import DecisionRequest, ProviderRequest, ProviderUpdate, VerificationRequest
from tests.unit.payment_core.methods.vaulted_world import VaultedWorld, answered

CLEARED = DecisionRequest("cleared", "another person")
CONFIRMED = DecisionRequest("confirmed", "it is that person")


@pytest.fixture
def world() -> VaultedWorld:
    return VaultedWorld()


async def stored(world: VaultedWorld, provider_id: str) -> Provider:
    provider = await world.memory.read(Provider, provider_id)
    assert provider is not None
    return provider


async def test_a_provider_is_made_changed_and_listed(world: VaultedWorld) -> None:
    body = ProviderRequest(name="Ada Plumbing", payout_schedule="weekly", people=("key:carol",))
    made = answered(await world.providers.create(world.call(), body), 201)
    assert (made["status"], made["payouts_blocked"], made["payout_schedule"]) == ("active", False, "weekly")
    call = world.call(provider_id=made["id"])
    changed = answered(await world.providers.update(call, ProviderUpdate(minimum_payout_cents=5_000)))
    assert (changed["minimum_payout"]["amount_cents"], changed["people"], changed["version"]) == (
        5_000,
        ["key:carol"],
        2,
    )
    assert answered(await world.providers.get(call, None)) == changed
    assert answered(await world.providers.list(call, None))["data"] == [changed]


@pytest.mark.parametrize(
    ("answer", "status", "kind"),
    [
        (ScreeningAnswer.NO_MATCH, "active", None),
        (ScreeningAnswer.POSSIBLE, "needs_review", "name_possible"),
        (ScreeningAnswer.MATCH, "suspended", "name_match"),
    ],
)
async def test_a_name_is_screened_before_anything_is_paid(
    world: VaultedWorld, answer: ScreeningAnswer, status: str, kind: str | None
) -> None:
    world.screen.answers["Eve"] = answer
    provider = await stored(world, await world.add_provider("Eve"))
    cases = await world.all(ComplianceCase)
    assert provider.status == status
    assert [case.case_kind for case in cases] == ([] if kind is None else [kind])
    assert list(provider.case_ids) == [case.id for case in cases]


async def test_another_name_is_screened_like_a_new_one(world: VaultedWorld) -> None:
    world.screen.answers["Eve"] = ScreeningAnswer.MATCH
    provider_id = await world.add_provider("Ada")
    answered(await world.providers.update(world.call(provider_id=provider_id), ProviderUpdate(name="Eve")))
    assert (await stored(world, provider_id)).status == "suspended"
    # A harmless name does not lift what people have to decide.
    answered(await world.providers.update(world.call(provider_id=provider_id), ProviderUpdate(name="Ada")))
    assert (await stored(world, provider_id)).status == "suspended"
    reinstated = await world.providers.reinstate(world.call(provider_id=provider_id), NoBody())
    assert reinstated is ProviderRefusal.PROVIDER_HAS_OPEN_CASES


async def test_a_provider_is_paid_again_when_its_last_case_was_cleared(world: VaultedWorld) -> None:
    world.screen.answers |= {"Eve": ScreeningAnswer.POSSIBLE, "Eva": ScreeningAnswer.MATCH}
    provider_id = await world.add_provider("Eve")
    answered(await world.providers.update(world.call(provider_id=provider_id), ProviderUpdate(name="Eva")))
    first, second = (await stored(world, provider_id)).case_ids
    answered(await world.cases.decide(world.call("key:ada", case_id=first), CLEARED))
    assert (await stored(world, provider_id)).status == "suspended"
    shown = answered(await world.cases.decide(world.call("key:ada", case_id=second), CLEARED))
    assert (shown["status"], shown["decided_by"], shown["note"]) == ("cleared", "key:ada", "another person")
    provider = await stored(world, provider_id)
    assert (provider.status, provider.suspended_for, provider.case_ids) == ("active", "", ())


async def test_a_confirmed_case_outlives_cleared_ones(world: VaultedWorld) -> None:
    world.screen.answers |= {"Eve": ScreeningAnswer.POSSIBLE, "Eva": ScreeningAnswer.POSSIBLE}
    provider_id = await world.add_provider("Eve")
    answered(await world.providers.update(world.call(provider_id=provider_id), ProviderUpdate(name="Eva")))
    first, second = (await stored(world, provider_id)).case_ids
    answered(await world.cases.decide(world.call(case_id=first), CONFIRMED))
    answered(await world.cases.decide(world.call(case_id=second), CLEARED))
    provider = await stored(world, provider_id)
    assert (provider.status, provider.suspended_for) == ("suspended", "confirmed compliance case")


async def test_clearing_a_case_does_not_lift_what_a_person_suspended(world: VaultedWorld) -> None:
    world.screen.answers["Eve"] = ScreeningAnswer.POSSIBLE
    provider_id = await world.add_provider("Eve")
    answered(await world.providers.suspend(world.call(provider_id=provider_id), ReasonRequest("complaints")))
    [case_id] = (await stored(world, provider_id)).case_ids
    answered(await world.cases.decide(world.call(case_id=case_id), CLEARED))
    assert (await stored(world, provider_id)).status == "suspended"
    answered(await world.providers.reinstate(world.call(provider_id=provider_id), NoBody()))
    assert (await stored(world, provider_id)).status == "active"


async def test_a_case_is_decided_once(world: VaultedWorld) -> None:
    world.screen.answers["Eve"] = ScreeningAnswer.MATCH
    await world.add_provider("Eve")
    [case] = await world.all(ComplianceCase)
    answered(await world.cases.decide(world.call(case_id=case.id), CONFIRMED))
    assert await world.cases.decide(world.call(case_id=case.id), CLEARED) is ProviderRefusal.CASE_DECIDED
    assert await world.cases.decide(world.call(case_id="rev_none"), CLEARED) is ProviderRefusal.CASE_NOT_FOUND
    assert await world.cases.get(world.call(case_id="rev_none"), None) is ProviderRefusal.CASE_NOT_FOUND
    page = answered(await world.cases.list(world.call(), None))
    assert [each["id"] for each in page["data"]] == [case.id]
    assert answered(await world.cases.get(world.call(case_id=case.id), None))["status"] == "confirmed"


async def test_no_event_and_no_case_tells_a_screened_name(world: VaultedWorld) -> None:
    world.screen.answers["Eve Moriarty"] = ScreeningAnswer.MATCH
    await world.add_provider("Eve Moriarty")
    assert "Moriarty" not in str(await world.facts())
    assert "Moriarty" not in repr(await world.all(ComplianceCase))


async def test_suspending_twice_and_reinstating_an_active_provider_are_refused(world: VaultedWorld) -> None:
    provider_id = await world.add_provider()
    refused = await world.providers.reinstate(world.call(provider_id=provider_id), NoBody())
    assert refused is ProviderRefusal.PROVIDER_NOT_SUSPENDED
    shown = answered(await world.providers.suspend(world.call(provider_id=provider_id), ReasonRequest("why")))
    assert (shown["payouts_blocked"], shown["suspended_for"]) == (True, "why")
    again = await world.providers.suspend(world.call(provider_id=provider_id), ReasonRequest("why"))
    assert again is ProviderRefusal.PROVIDER_ALREADY_SUSPENDED


@pytest.mark.parametrize("account", [PROVIDER_AVAILABLE, CUSTOMER_ESCROW])
async def test_a_provider_that_is_owed_money_is_not_closed(world: VaultedWorld, account: object) -> None:
    provider_id = await world.add_provider()
    owed = PROVIDER_AVAILABLE.of(provider_id) if account is PROVIDER_AVAILABLE else CUSTOMER_ESCROW.of(provider_id)
    move = Move(RAIL_CLEARING.name, owed, 1)
    journal = Journal(id="j1", recipe="capture", reference="pay_1", moves=(move,))
    await world.memory.transact(lambda transaction: transaction.post(journal), "test")
    refused = await world.providers.close(world.call(provider_id=provider_id), NoBody())
    assert refused is ProviderRefusal.PROVIDER_HAS_BALANCE


async def test_a_closed_provider_stays_closed(world: VaultedWorld) -> None:
    provider_id = await world.add_provider()
    answered(await world.providers.close(world.call(provider_id=provider_id), NoBody()))
    refused = await world.providers.update(world.call(provider_id=provider_id), ProviderUpdate(name="Bob"))
    assert refused is ProviderRefusal.PROVIDER_CLOSED


async def test_payouts_go_to_a_verified_account_of_the_provider_alone(world: VaultedWorld) -> None:
    provider_id = await world.add_provider()
    account = await world.add_account(provider_id, holder_kind="provider")
    update = ProviderUpdate(default_bank_account_id=account.id)
    unverified = await world.providers.update(world.call(provider_id=provider_id), update)
    assert unverified is ProviderRefusal.BANK_ACCOUNT_NOT_VERIFIED
    other = await world.add_account()
    foreign = ProviderUpdate(default_bank_account_id=other.id)
    refused = await world.providers.update(world.call(provider_id=provider_id), foreign)
    assert refused is ProviderRefusal.BANK_ACCOUNT_OF_ANOTHER_HOLDER
    call = world.call(bank_account_id=account.id)
    answered(await world.accounts.start_verification(call, VerificationRequest("prenote")))
    await world.settle(account.id)
    world.clock.at_ms += 10 * 24 * 3_600_000
    await world.verification.run_once(world.clock.now_ms())
    answered(await world.providers.update(world.call(provider_id=provider_id), update))
    provider = await stored(world, provider_id)
    assert (provider.default_bank_account_id, provider.bank_account_changed_at_ms) == (
        account.id,
        world.clock.now_ms(),
    )
    answered(await world.providers.update(world.call(provider_id=provider_id), update))
    world.clock.at_ms += 1
    assert (await stored(world, provider_id)).bank_account_changed_at_ms == world.clock.now_ms() - 1


async def test_an_unknown_provider_is_not_found(world: VaultedWorld) -> None:
    call = world.call(provider_id="pro_none")
    assert await world.providers.get(call, None) is ProviderRefusal.PROVIDER_NOT_FOUND
    assert await world.providers.suspend(call, ReasonRequest("x")) is ProviderRefusal.PROVIDER_NOT_FOUND


async def test_the_same_key_makes_one_provider_and_one_case(world: VaultedWorld) -> None:
    world.screen.answers["Eve"] = ScreeningAnswer.MATCH
    call = world.call(key="one")
    first, second = [await world.providers.create(call, ProviderRequest(name="Eve")) for _ in range(2)]
    assert isinstance(first, Answer)
    assert isinstance(second, Answer)
    assert first.body == second.body
    assert (len(await world.all(Provider)), len(await world.all(ComplianceCase))) == (1, 1)


@pytest.mark.parametrize("refusal", [*ProviderRefusal, *BankAccountRefusal])
def test_every_refusal_says_what_to_do(refusal: ProviderRefusal | BankAccountRefusal) -> None:
    explanation = explain_provider(refusal) if isinstance(refusal, ProviderRefusal) else explain_bank_account(refusal)
    assert 400 <= explanation.status <= 503
    assert explanation.detail.endswith(".")


def test_a_request_for_a_provider_without_a_name_is_refused() -> None:
    for body in (b'{"name":""}', b'{"name":"  "}', b'{"name":"A","minimum_payout_cents":0}'):
        with pytest.raises(msgspec.ValidationError):
            msgspec.json.decode(body, type=ProviderRequest)
