"""What the pages show is what the routes do, from the first byte of a request to the last of its answer."""

import msgspec
import pytest

from payment_core.escrow.refusals import EscrowRefusal
from payment_core.providers.refusals import BankAccountRefusal, ProviderRefusal
from payment_core.vault.keys.port import KeyState
from tests.canary import Canary
from tests.unit.payment_core.escrow.documented_routes import PAGES, Served, commands
from tests.unit.payment_core.methods.vaulted_world import ACCOUNT, PAN, account_request, card_request


@pytest.fixture
def served() -> Served:
    return Served()


async def test_every_command_of_the_page_about_providers_does_what_it_says(served: Served) -> None:
    found = commands("providers.md")
    for command in found:
        if "/verify" in command:
            first, second = await served.amounts_of(served.variables["ACCOUNT"])
            served.variables |= {"FIRST": str(first), "SECOND": str(second)}
        answer = await served.run(command)
        assert answer.status_code in {200, 201}, (command, answer.text)
    assert len(found) > 9


async def test_every_command_of_the_page_about_escrows_does_what_it_says(served: Served) -> None:
    found = commands("escrow.md")
    for command in found:
        if "/v1/payments" in command:
            await served.escrows.add_payment(amount_cents=100_000, provider_id=served.variables["PROVIDER"])
            served.variables["PAYMENT"] = "pay_1"
            continue
        if "/release" in command:
            served.vaulted.clock.at_ms += 72 * 3_600_000
        answer = await served.run(command)
        assert answer.status_code in {200, 201}, (command, answer.text)
    assert len(found) > 9
    await served.escrows.check_money()


@pytest.mark.parametrize(
    ("page", "refusals"),
    [("escrow.md", list(EscrowRefusal)), ("providers.md", [*ProviderRefusal, *BankAccountRefusal])],
)
def test_the_page_explains_every_refusal(page: str, refusals: list[EscrowRefusal]) -> None:
    text = (PAGES / page).read_text("utf-8")
    assert [refusal for refusal in refusals if f"`{refusal.value.replace('_', '-')}`" not in text] == []


async def test_a_card_number_is_taken_on_its_own_route_and_on_no_other(served: Served) -> None:
    card = msgspec.to_builtins(card_request())
    assert (await served.send("POST", "/v1/payment_methods", card)).status_code == 201
    elsewhere = await served.send("POST", "/v1/providers", {"name": f"Ada {PAN}"})
    assert elsewhere.status_code == 422
    assert not Canary(PAN).in_bytes(elsewhere.content, "answer")


async def test_no_route_answers_a_number(served: Served) -> None:
    card = await served.send("POST", "/v1/payment_methods", msgspec.to_builtins(card_request()))
    account = await served.send("POST", "/v1/bank_accounts", msgspec.to_builtins(account_request()))
    for path in (
        "/v1/payment_methods",
        f"/v1/payment_methods/{card.json()['id']}",
        "/v1/bank_accounts",
        f"/v1/bank_accounts/{account.json()['id']}",
    ):
        answer = await served.send("GET", path)
        assert answer.status_code == 200
        assert not Canary(PAN).in_bytes(answer.content, path)
        assert not Canary(ACCOUNT).in_bytes(answer.content, path)
    for path in (f"/v1/payment_methods/{card.json()['id']}/reveal", f"/v1/bank_accounts/{account.json()['id']}/reveal"):
        assert (await served.send("POST", path, {})).status_code == 404


@pytest.mark.parametrize(
    "changes",
    [{"pan": "4929567812345675"}, {"pan": 4929567812345674}, {"pan": ["4929567812345674"]}, {"track2": PAN}],
)
async def test_a_refused_card_is_not_repeated(served: Served, changes: dict[str, object]) -> None:
    answer = await served.send("POST", "/v1/payment_methods", {**msgspec.to_builtins(card_request()), **changes})
    assert answer.status_code == 422
    for number in (PAN, "4929567812345675"):
        assert not Canary(number).in_bytes(answer.content, "answer")


async def test_a_disabled_key_is_answered_with_503_and_its_own_problem(served: Served) -> None:
    await served.vaulted.turn_off_key(KeyState.DISABLED)
    for path, body in (("/v1/payment_methods", card_request()), ("/v1/bank_accounts", account_request())):
        answer = await served.send("POST", path, msgspec.to_builtins(body))
        assert answer.status_code == 503
        assert answer.json()["type"] == "urn:tillwatch:problem:encryption-unavailable"


async def test_a_person_is_who_their_key_says_and_not_what_they_write(served: Served) -> None:
    answer = await served.send("POST", "/v1/escrows/esc_1/approve", {"approver": "key:bob"})
    assert answer.status_code == 422
