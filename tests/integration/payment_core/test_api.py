"""The payment core over HTTP: answers, replays, problems, events and ledger."""

import asyncio
import itertools
from typing import Any

import httpx
import msgspec
import pytest

from checks.facts import AnyFact

NUMBERS = itertools.count()
# A JSON document as httpx gives it.
Json = dict[str, Any]


def body(method: str = "tok_visa", cents: int = 10_000, **more: object) -> Json:
    return {
        "amount": {"amount_cents": cents, "currency": "USD"},
        "payment_method": method,
        "customer_id": "cus_1",
        "provider_id": "pro_1",
        **more,
    }


async def post(api: httpx.AsyncClient, path: str, json: object, key: str | None = None) -> httpx.Response:
    key = f"key-{next(NUMBERS)}" if key is None else key
    return await api.post(path, json=json, headers={"Idempotency-Key": key})


async def balances(api: httpx.AsyncClient) -> dict[str, int]:
    accounts = (await api.get("/v1/ledger")).json()["accounts"]
    return {account["account"]: account["balance_cents"] for account in accounts}


async def test_a_payment_is_taken_posted_and_told(api: httpx.AsyncClient) -> None:
    created = await post(api, "/v1/payments", body())
    assert created.status_code == 201
    payment = created.json()
    assert (payment["status"], payment["captured"]["amount_cents"], payment["fee"]["amount_cents"]) == (
        "succeeded",
        10_000,
        800,
    )
    assert (await api.get(f"/v1/payments/{payment['id']}")).json() == payment
    assert await balances(api) == {
        "rail_clearing": 10_000,
        "customer_escrow/pro_1": 9_200,
        "platform_fee": 800,
    }
    page = (await api.get("/v1/events")).json()
    facts = msgspec.convert(page["events"], list[AnyFact])
    assert [(fact.sequence, type(fact).__name__, fact.environment) for fact in facts] == [
        (1, "PaymentRequested", "green"),
        (2, "PaymentAttempted", "green"),
        (3, "PaymentCaptured", "green"),
    ]
    assert page["last_sequence"] == 3
    assert (await api.get("/v1/ledger/verification")).json()["balanced"] is True


async def test_events_are_paged_in_outbox_order(api: httpx.AsyncClient) -> None:
    for _ in range(3):
        await post(api, "/v1/payments", body())
    first = (await api.get("/v1/events", params={"limit": 4})).json()
    second = (await api.get("/v1/events", params={"after": first["last_sequence"]})).json()
    sequences = [event["sequence"] for event in (*first["events"], *second["events"])]
    last = second["last_sequence"]
    assert last >= 9
    assert sequences == list(range(1, last + 1))
    end = (await api.get("/v1/events", params={"after": last})).json()
    assert end == {"events": [], "last_sequence": last, "next_after": str(last)}


@pytest.mark.parametrize("limit", ["0", "1001", "x", "-1", "9" * 30, "１"])  # noqa: RUF001 - full-width on purpose
async def test_a_limit_that_is_no_number_in_range_is_refused(api: httpx.AsyncClient, limit: str) -> None:
    assert (await api.get("/v1/events", params={"limit": limit})).status_code == 422


@pytest.mark.parametrize(
    ("method", "status", "extension", "code"),
    [
        ("tok_declined_insufficient_funds", 402, "decline_code", "insufficient_funds"),
        ("tok_error", 502, "error_code", "rail_error"),
    ],
)
async def test_a_payment_that_is_not_taken_is_a_problem_document_and_is_replayed_byte_for_byte(
    api: httpx.AsyncClient, method: str, status: int, extension: str, code: str
) -> None:
    first = await post(api, "/v1/payments", body(method), "the-key")
    assert first.status_code == status
    assert first.headers["content-type"] == "application/problem+json"
    document = first.json()
    assert document["code"] == document["resource"][extension] == code
    assert document["resource"]["id"] == document["resource_id"]
    assert {"type", "title", "status", "detail", "instance"} <= set(document)
    again = await post(api, "/v1/payments", body(method), "the-key")
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers
    assert set((await balances(api)).values()) <= {0}


async def test_the_same_meaning_in_other_bytes_is_the_same_request(api: httpx.AsyncClient) -> None:
    headers = {"Idempotency-Key": "k"}
    first = await api.post("/v1/payments", json=body(), headers=headers)
    rewritten = msgspec.json.format(msgspec.json.encode(dict(reversed(body().items()))))
    headers["Content-Type"] = "application/json"
    again = await api.post("/v1/payments", content=rewritten, headers=headers)
    assert again.content == first.content
    other = await api.post("/v1/payments", json=body(cents=10_001), headers=headers)
    assert (other.status_code, other.json()["type"]) == (422, "urn:tillwatch:problem:idempotency-mismatch")


async def test_a_key_belongs_to_its_operation_and_its_target(api: httpx.AsyncClient) -> None:
    one = (await post(api, "/v1/payments", body(capture="manual"), "k")).json()["id"]
    two = (await post(api, "/v1/payments", body(capture="manual"))).json()["id"]
    assert (await post(api, f"/v1/payments/{one}/capture", {}, "k")).status_code == 200
    assert (await post(api, f"/v1/payments/{two}/capture", {}, "k")).status_code == 422


async def test_a_refused_body_does_not_use_up_its_key(api: httpx.AsyncClient) -> None:
    assert (await post(api, "/v1/payments", body(cents=0), "k")).status_code == 422
    assert (await post(api, "/v1/payments", body(), "k")).status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 256, "with space", "4242424242424242"])
async def test_a_key_that_cannot_be_used_is_refused(api: httpx.AsyncClient, key: str) -> None:
    answer = await post(api, "/v1/payments", body(), key)
    assert answer.status_code in {400, 422}
    assert "4242" not in answer.text


async def test_fifty_requests_at_once_with_one_key_take_one_payment(api: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(*(post(api, "/v1/payments", body(), "k") for _ in range(50)))
    statuses = [answer.status_code for answer in answers]
    assert set(statuses) <= {201, 409}
    assert all(answer.headers["retry-after"] == "1" for answer in answers if answer.status_code == 409)
    assert len({answer.content for answer in answers if answer.status_code == 201}) == 1
    assert (await balances(api))["rail_clearing"] == 10_000


async def test_authorized_money_is_captured_in_part_once(api: httpx.AsyncClient) -> None:
    payment = (await post(api, "/v1/payments", body(capture="manual"))).json()
    assert payment["status"] == "requires_capture"
    path = f"/v1/payments/{payment['id']}/capture"
    too_much = await post(api, path, {"amount": {"amount_cents": 10_001, "currency": "USD"}})
    assert (too_much.status_code, too_much.json()["title"]) == (422, "Too much")
    captured = await post(api, path, {"amount": {"amount_cents": 4_000, "currency": "USD"}})
    assert (captured.status_code, captured.json()["status"]) == (200, "succeeded")
    assert captured.json()["captured"]["amount_cents"] == 4_000
    assert (await post(api, path, {})).status_code == 409
    assert (await balances(api))["rail_clearing"] == 4_000


async def test_an_authorization_is_canceled_and_moves_no_money(api: httpx.AsyncClient) -> None:
    payment = (await post(api, "/v1/payments", body(capture="manual"))).json()
    path = f"/v1/payments/{payment['id']}"
    assert (await post(api, f"{path}/cancel", {})).json()["status"] == "canceled"
    assert (await post(api, f"{path}/capture", {})).status_code == 409
    assert (await post(api, f"{path}/cancel", {})).status_code == 409
    assert set((await balances(api)).values()) <= {0}


async def test_refunds_stop_at_what_was_captured_and_give_the_fee_back(api: httpx.AsyncClient) -> None:
    payment = (await post(api, "/v1/payments", body("bank_checking"))).json()

    def refund(cents: int | None) -> Json:
        amount = {} if cents is None else {"amount": {"amount_cents": cents, "currency": "USD"}}
        return {"payment_id": payment["id"], "reason": "requested_by_customer", **amount}

    part = await post(api, "/v1/refunds", refund(2_500))
    assert (part.status_code, part.json()["fee_returned"]["amount_cents"]) == (201, 200)
    assert (await post(api, "/v1/refunds", refund(7_501))).status_code == 422
    rest = (await post(api, "/v1/refunds", refund(None))).json()
    assert (rest["status"], rest["amount"]["amount_cents"]) == ("succeeded", 7_500)
    assert (await api.get(f"/v1/refunds/{rest['id']}")).json() == rest
    assert (await post(api, "/v1/refunds", refund(None))).status_code == 422
    assert set((await balances(api)).values()) <= {0}
    events = (await api.get("/v1/events")).json()["events"]
    assert [event["kind"] for event in events][-2:] == ["refund", "refund"]


async def test_a_rail_that_does_not_answer_gives_202_and_the_result_comes_later(api: httpx.AsyncClient) -> None:
    answer = await post(api, "/v1/payments", body("tok_timeout"))
    assert (answer.status_code, answer.json()["status"]) == (202, "processing")
    async with asyncio.timeout(20):
        while (found := await api.get(f"/v1/payments/{answer.json()['id']}")).json()["status"] == "processing":
            continue
    assert found.json()["status"] == "succeeded"
    assert (await balances(api))["rail_clearing"] == 10_000


async def test_an_unknown_address_method_or_payment_is_a_problem_document(api: httpx.AsyncClient) -> None:
    for answer, status in (
        (await api.get("/v1/nothing"), 404),
        (await api.put("/v1/payments"), 405),
        (await api.get("/v1/ledger/"), 404),
        (await api.get("/v1/payments/pay_none"), 404),
        (await api.get("/v1/payments/4242424242424242"), 404),
        (await post(api, "/v1/payments/pay_none/capture", {}), 404),
        (await post(api, "/v1/refunds", {"payment_id": "pay_none"}), 404),
        (await post(api, "/v1/payments", body("tok_unknown")), 422),
    ):
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == status
        assert "4242" not in answer.text


async def test_a_body_beyond_64_kib_is_refused(api: httpx.AsyncClient) -> None:
    answer = await post(api, "/v1/payments", body(description="x" * 70_000))
    assert answer.status_code == 413


async def test_the_probes_and_metrics_answer(api: httpx.AsyncClient) -> None:
    await post(api, "/v1/payments", body())
    assert (await api.get("/livez")).json() == {"alive": True}
    ready = await api.get("/readyz")
    assert (ready.status_code, ready.json()) == (
        200,
        {"ready": True, "version": "1.0.0", "environment": "green"},
    )
    text = (await api.get("/metrics")).text
    assert 'till_core_payments_total{outcome="succeeded",rail="card"} 1.0' in text
    assert "till_core_outbox_unsent 3.0" in text
    assert 'till_core_request_seconds_count{route="/v1/payments",status="201"} 1.0' in text
    assert text.count("# HELP till_core_") == text.count("# TYPE till_core_") >= 10


async def test_openapi_describes_every_route(api: httpx.AsyncClient) -> None:
    document = (await api.get("/openapi.json")).json()
    assert document["openapi"] == "3.1.0"
    assert {"/v1/payments", "/v1/payments/{payment_id}/capture", "/v1/refunds", "/v1/events"} <= set(document["paths"])
    text = msgspec.json.encode(document).decode()
    for name in document["components"]["schemas"]:
        assert f"#/components/schemas/{name}" in text
