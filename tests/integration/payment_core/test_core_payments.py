"""What puts payments right, against a payment core as it runs."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from msgspec.structs import replace

from daemon.cores.api import CoreApi
from daemon.cores.payments import CorePayments
from payment_core.assembly.core import running_core
from payment_core.keys.admin import ensure_admin_key
from payment_core.options import CoreOptions
from remediation.compensation.model import Attempt, Fix
from remediation.compensation.proposing import propose
from remediation.errors import WorldRefused


@pytest.fixture
async def api(database: Path) -> AsyncIterator[CoreApi]:
    """The application without a socket."""
    options = CoreOptions(database=database, rail_latency_ms=0, rail_timeout_seconds=1.0)
    deaths: list[str] = []
    async with running_core(options, deaths.append) as (_, app):
        token = ensure_admin_key(options.admin_key_file)
        async with CoreApi(["http://core"], token, httpx.ASGITransport(app=app)) as opened:
            yield opened
    assert deaths == []


async def paid(api: CoreApi, key: str, method: str = "tok_visa", **more: str) -> str:
    """A payment of 12.50, by its id."""
    body = {
        "amount": {"amount_cents": 1250, "currency": "USD"},
        "payment_method": method,
        "customer_id": "cus_1",
        "provider_id": "pro_1",
    } | more
    answer = await api.ask("POST", "/v1/payments", body, key)
    return answer.decode().split('"id":"', 1)[1].split('"', 1)[0]


def told_failed(payment_id: str) -> Attempt:
    return Attempt(
        payment_id=payment_id,
        at_ms=1,
        told="failed",
        amount_cents=1250,
        currency="USD",
        environment="green",
        version="2.0.0",
    )


async def test_money_that_was_taken_unbeknown_to_the_payer_is_given_back_once(api: CoreApi) -> None:
    payments = CorePayments(api)
    taken = await paid(api, "t1")
    (line,) = propose([told_failed(taken)], {taken: await payments.payment(taken)})
    assert (line.fix, line.amount_cents) == (Fix.REFUND, 1250)
    first = await payments.refund(taken, line.amount_cents, line.currency, "a bad release", "fix-1")
    assert await payments.refund(taken, line.amount_cents, line.currency, "a bad release", "fix-1") == first
    after = await payments.payment(taken)
    assert after is not None
    assert (after.captured_cents, after.refunded_cents) == (1250, 1250)
    assert propose([told_failed(taken)], {taken: after}) == ()


async def test_money_that_was_reserved_unbeknown_to_the_payer_is_released(api: CoreApi) -> None:
    payments = CorePayments(api)
    reserved = await paid(api, "r1", capture="manual")
    (line,) = propose([told_failed(reserved)], {reserved: await payments.payment(reserved)})
    assert line.fix is Fix.VOID
    assert await payments.void(reserved, "fix-2") == await payments.void(reserved, "fix-2") == reserved
    after = await payments.payment(reserved)
    assert after is not None
    assert after.status == "canceled"


async def test_a_payment_that_failed_is_taken_again_once_and_names_the_first(api: CoreApi) -> None:
    payments = CorePayments(api)
    lost = await payments.payment(await paid(api, "f1"))
    assert lost is not None
    again = await payments.resend(lost, "fix-3")
    assert again == await payments.resend(lost, "fix-3") != lost.payment_id
    body = await api.ask("GET", f"/v1/payments/{again}")
    assert f'"repeats":"{lost.payment_id}"'.encode() in body


@pytest.mark.parametrize("method", ["tok_declined_generic", "tok_error"])
async def test_what_is_declined_or_fails_again_is_over_and_not_sent_for_ever(api: CoreApi, method: str) -> None:
    payments = CorePayments(api)
    lost = await payments.payment(await paid(api, f"d-{method}"))
    assert lost is not None
    for _ in range(2):
        with pytest.raises(WorldRefused):
            await payments.resend(replace(lost, payment_method=method), f"fix-{method}")


async def test_a_payment_that_is_not_there_is_none(api: CoreApi) -> None:
    assert await CorePayments(api).payment("pay_nobody_knows") is None
