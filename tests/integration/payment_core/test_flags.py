"""Each flag of the packaged document switches what it says, while the core runs, and leaves the rest alone."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from checks.facts import PaymentAttempted
from config.load import DEFAULTS
from payment_core.assembly.core import Core, running_core
from payment_core.clock import SystemClock
from payment_core.flags.envelope import seal
from payment_core.options import CoreOptions
from tests.integration.payment_core.conftest import bearer
from tests.serving import answering
from tests.unit.payment_core.flags.sealed import SIGNER, sealed

PACKAGED = json.loads((DEFAULTS / "flags.json").read_bytes())
CHALLENGE = "challenge_required"
CARDS = ("tok_visa", "tok_mastercard", "tok_amex", "tok_declined_generic", "tok_declined_expired", "tok_declined_fraud")
"""From the fifth card of one address on it looks like card testing."""

# A JSON document as httpx gives it.
Json = dict[str, Any]


class Shop:
    """Asks one core that runs in this process, and flips its flags as the daemon does."""

    def __init__(self, core: Core, client: httpx.AsyncClient) -> None:
        self._core = core
        self._client = client
        self._version = 0
        self._asked = 0

    async def flip(self, key: str, **changes: object) -> None:
        """Let this flag alone differ from the packaged document; metadata is added to."""
        flags = json.loads(json.dumps(PACKAGED["flags"]))
        flags[key]["metadata"] |= changes.pop("metadata", {})
        flags[key] |= changes
        self._version += 1
        document = json.dumps({"flags": flags}).encode()
        flagging = self._core.flagging
        now_ms = flagging.taking_over._clock.now_ms()
        body = seal(document, version=self._version, issued_at_ms=now_ms, signer=SIGNER)
        await flagging.taking_over.offer([body], "mqtt")
        assert flagging.flags.serving.version == self._version

    async def kill(self, key: str) -> None:
        """As the daemon kills: the safe default for everybody."""
        safe = PACKAGED["flags"][key]["metadata"]["safe_default"]
        await self.flip(key, defaultVariant=safe, metadata={"killed": True})

    async def send(self, path: str, body: object, key: str = "") -> httpx.Response:
        """A write."""
        self._asked += 1
        headers = {"Idempotency-Key": key if key else f"key-{self._asked}"}
        return await self._client.post(path, json=body, headers=headers)

    async def pay(self, method: str = "tok_visa", key: str = "", **more: object) -> httpx.Response:
        """A payment of ten dollars."""
        body = {
            "amount": {"amount_cents": 1000, "currency": "USD"},
            "payment_method": method,
            "customer_id": "cus_1",
            "provider_id": "pro_1",
            **more,
        }
        return await self.send("/v1/payments", body, key)

    async def get(self, path: str) -> Json:
        """What is there."""
        return dict((await self._client.get(path)).json())

    async def attempts(self) -> list[Json]:
        """The events of payments that ended, as the outbox has them."""
        events = (await self.get("/v1/events?limit=1000"))["events"]
        return [event for event in events if event["kind"] == PaymentAttempted.__struct_config__.tag]


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    (tmp_path / "flags.pub").write_text(SIGNER.public_key.hex())
    options = CoreOptions(
        database=tmp_path / "payments.db", rail_latency_ms=0, flags_trusted_keys=tmp_path / "flags.pub"
    )
    deaths: list[str] = []
    async with running_core(options, deaths.append) as (core, app):
        transport = httpx.ASGITransport(app=app)
        headers = bearer(options.admin_key_file)
        async with httpx.AsyncClient(transport=transport, base_url="http://core", headers=headers) as client:
            yield Shop(core, client)
    assert deaths == []


async def test_a_core_that_kept_nothing_serves_what_its_daemon_says_before_it_answers_anybody(tmp_path: Path) -> None:
    (tmp_path / "flags.pub").write_text(SIGNER.public_key.hex())
    async with answering("200 OK", sealed(7, issued_at_ms=SystemClock().now_ms())) as (url, _):
        options = CoreOptions.model_validate(
            {"database": tmp_path / "payments.db", "flags_trusted_keys": tmp_path / "flags.pub", "flags_url": url}
        )
        async with running_core(options, pytest.fail) as (core, _app):
            assert core.flagging.flags.serving.version == 7


async def test_while_payments_are_killed_none_begins_and_what_began_is_finished(shop: Shop) -> None:
    authorized = (await shop.pay(capture="manual", key="first")).json()
    paid = (await shop.pay()).json()
    await shop.kill("payment-processor")
    refused = await shop.pay(key="second")
    assert (refused.status_code, refused.headers["content-type"]) == (503, "application/problem+json")
    assert refused.json()["type"].endswith("payments-off")
    assert "retry-after" in refused.headers
    repeated = await shop.pay(capture="manual", key="first")
    assert repeated.json() == authorized
    captured = await shop.send(f"/v1/payments/{authorized['id']}/capture", {})
    refunded = await shop.send("/v1/refunds", {"payment_id": paid["id"]})
    assert (captured.json()["status"], refunded.json()["status"]) == ("succeeded", "succeeded")
    health = await shop.send("/v1/health/payments", {})
    assert health.json()["outcome"] == "holding"
    await shop.flip("payment-processor")
    assert (await shop.pay(key="second")).status_code == 201, "a refusal leaves its key free"
    assert len(await shop.attempts()) == 3


async def test_while_the_detector_is_killed_payments_are_reviewed_by_people_and_none_is_lost(shop: Shop) -> None:
    await shop.kill("fraud-detector")
    payment = (await shop.pay()).json()
    assert (payment["status"], payment["fraud"]["decision"]) == ("requires_review", "review")
    reviewed = await shop.send(f"/v1/payments/{payment['id']}/review", {"decision": "approve", "reason": "known"})
    assert reviewed.json()["status"] in {"requires_capture", "succeeded"}
    await shop.flip("fraud-detector")
    assert (await shop.pay()).json()["fraud"]["decision"] == "approve"


async def test_while_bank_transfers_are_killed_cards_are_taken(shop: Shop) -> None:
    await shop.kill("direct-ach-transfers")
    refused = await shop.pay("bank_checking")
    assert (refused.status_code, refused.json()["type"].rpartition(":")[2]) == (503, "bank-debits-off")
    assert (await shop.pay()).status_code == 201


async def test_card_testers_are_challenged_before_the_rail_is_asked_and_payers_who_pass_go_on(shop: Shop) -> None:
    await shop.kill("card-testing-challenge")
    codes = [await tried(shop, card, number) for number, card in enumerate(CARDS)]
    assert codes == ["", "", "", "generic_decline", CHALLENGE, CHALLENGE]
    assert await tried(shop, "tok_amex", 7, challenge="passed") == ""
    assert (await shop.pay(customer_id="cus_elsewhere")).json()["status"] == "succeeded"
    challenged = [event for event in await shop.attempts() if event["decline_code"] == CHALLENGE]
    assert [event["outcome"] for event in challenged] == ["declined", "declined"]


async def test_nobody_is_challenged_in_normal_operation(shop: Shop) -> None:
    codes = [await tried(shop, card, number) for number, card in enumerate(CARDS)]
    assert CHALLENGE not in codes


async def tried(shop: Shop, card: str, number: int, **context: str) -> str:
    """The code of a declined try with a card, always from one address; empty when it was paid."""
    answer = await shop.pay(card, customer_id=f"cus_{number}", context={"ip": "198.51.100.7", **context})
    return str(answer.json().get("code", ""))


async def test_a_flag_for_one_merchant_in_one_country_leaves_all_others_alone(shop: Shop) -> None:
    both = {"and": [{"==": [{"var": "merchant"}, "pro_bad"]}, {"==": [{"var": "country"}, "FR"]}]}
    await shop.flip("payment-processor", targeting={"if": [both, "off", "on"]})
    french = {"billing_country": "FR", "customer_type": "business"}
    assert (await shop.pay(provider_id="pro_bad", context=french)).status_code == 503
    assert (await shop.pay(provider_id="pro_good", context=french)).status_code == 201
    assert (await shop.pay(provider_id="pro_bad", context={"billing_country": "DE"})).status_code == 201


async def test_a_payment_says_which_side_of_an_experiment_its_payer_is_on_and_keeps_it(shop: Shop) -> None:
    split = {"fractional": [["on", 50], ["off", 50]]}
    await shop.flip("instant-payouts", targeting=split, metadata={"experiment": True})
    for number in range(20):
        await shop.pay(customer_id=f"cus_{number % 10}")
    sides: dict[str, set[tuple[str, ...]]] = {}
    for event in await shop.attempts():
        sides.setdefault(event["customer_id"], set()).add(tuple(event["exposures"]))
    assert {len(seen) for seen in sides.values()} == {1}, "a customer stays on its side"
    assert {side for seen in sides.values() for side in seen} == {("instant-payouts=on",), ("instant-payouts=off",)}


async def test_a_document_without_a_flag_that_is_asked_for_leads_to_its_safe_default_and_says_so(shop: Shop) -> None:
    del_key = {key: flag for key, flag in PACKAGED["flags"].items() if key != "payment-processor"}
    flagging = shop._core.flagging
    document = json.dumps({"flags": del_key}).encode()
    body = seal(document, version=1, issued_at_ms=flagging.taking_over._clock.now_ms(), signer=SIGNER)
    await flagging.taking_over.offer([body], "mqtt")
    assert (await shop.pay()).status_code == 503
    shown = await shop.get("/v1/flags")
    assert (shown["absent"], shown["report"]["missing"]) == (["payment-processor"], ["payment-processor"])


async def test_the_process_shows_what_it_serves_and_what_it_answered(shop: Shop) -> None:
    await shop.kill("instant-payouts")
    await shop.pay()
    shown = await shop.get("/v1/flags")
    flags = {flag["key"]: flag for flag in shown["flags"]}
    assert flags.keys() == PACKAGED["flags"].keys()
    assert flags["instant-payouts"]["killed"]
    assert flags["payment-processor"]["evaluations"] == {"on": 1}
    assert (shown["report"]["version"], shown["report"]["source"], shown["connected"]) == (1, "mqtt", None)
