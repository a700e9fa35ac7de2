"""Payouts, files and returns over HTTP."""

from collections.abc import AsyncIterator

import msgspec
import pytest

from payment_core.http.tables.ach import ach_routes
from payment_core.http.tables.payouts import payout_routes
from tests.unit.payment_core.ach_files.returns_world import return_file, sent_file, traces_of
from tests.unit.payment_core.http.api_world import World
from tests.unit.payment_core.payouts.payout_world import TUESDAY_MORNING, PayoutWorld, eastern_ms, number_of


class Api(msgspec.Struct):
    """The system, and the application before it."""

    system: PayoutWorld
    http: World


@pytest.fixture
async def api() -> AsyncIterator[Api]:
    """A provider with money, and every route."""
    system = PayoutWorld(TUESDAY_MORNING)
    await system.provider("ann", available_cents=50_000)
    routes = (*payout_routes(system.system.desk), *ach_routes(system.memory, system.system.ach_desk))
    http = World(routes)
    async with http.http:
        yield Api(system, http)


async def test_a_payout_over_http_is_made_once_per_key_and_found_again(api: Api) -> None:
    body = {"provider_id": "pro_ann", "amount": {"amount_cents": 20_000, "currency": "USD"}}
    first = await api.http.send("POST", "/v1/payouts", json=body, key="one")
    again = await api.http.send("POST", "/v1/payouts", json=body, key="one")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    found = await api.http.send("GET", f"/v1/payouts/{first.json()['id']}")
    assert found.json()["amount"] == {"amount_cents": 20_000, "currency": "USD"}
    listed = await api.http.send("GET", "/v1/payouts?provider_id=pro_ann")
    assert [payout["id"] for payout in listed.json()["data"]] == [first.json()["id"]]
    other = await api.http.send("GET", "/v1/payouts?provider_id=pro_bob")
    assert other.json()["data"] == []


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        ({"provider_id": "pro_ann", "speed": "instant"}, 422, "instant-not-available"),
        ({"provider_id": "pro_nobody"}, 404, "provider-not-found"),
        ({"provider_id": "pro_ann", "amount": {"amount_cents": 99_000, "currency": "USD"}}, 409, None),
        ({"provider_id": "pro_ann", "amount": {"amount_cents": 1.5, "currency": "USD"}}, 400, None),
        ({"provider_id": "pro_ann", "sped": "same_day"}, 400, None),
    ],
)
async def test_what_cannot_be_paid_is_a_problem_document(
    api: Api, body: dict[str, object], status: int, kind: str | None
) -> None:
    answer = await api.http.send("POST", "/v1/payouts", json=body)
    assert answer.status_code in {status, 422 if status == 400 else status}
    if kind is not None:
        assert answer.json()["type"] == f"urn:tillwatch:problem:{kind}"
    assert await api.system.payouts() == []


async def test_the_bytes_of_a_file_need_a_scope_of_their_own(api: Api) -> None:
    await api.http.send("POST", "/v1/payouts", json={"provider_id": "pro_ann"})
    await api.system.run("payouts", "ach-collecting", "ach-files")
    reader = await api.http.add_key("ach:read", "ach:write")
    (file,) = (await api.http.send("GET", "/v1/ach/files", reader)).json()["data"]
    path = f"/v1/ach/files/{file['id']}/content"
    assert (await api.http.send("GET", path, reader)).status_code == 403
    shown = await api.http.send("GET", path, await api.http.add_key("ach:content"))
    assert shown.status_code == 200
    assert shown.headers["content-type"].startswith("text/plain")
    assert number_of("bank_ann") in shown.text
    entries = await api.http.send("GET", "/v1/ach/entries?bank_account_id=ba_ann", reader)
    assert [entry["trace_number"] for entry in entries.json()["data"]] == ["231380100000001"]
    assert number_of("bank_ann") not in entries.text


async def test_a_file_is_acknowledged_settled_and_returned_over_http(api: Api) -> None:
    await api.http.send("POST", "/v1/payouts", json={"provider_id": "pro_ann"})
    await api.system.run("payouts", "ach-collecting", "ach-files")
    (file,) = await api.system.files()
    path = f"/v1/ach/files/{file.id}"
    twice = await api.http.send("POST", f"{path}/submit", json={})
    assert (twice.status_code, twice.json()["type"]) == (409, "urn:tillwatch:problem:file-sent-already")
    for key in ("a", "a", "b"):
        answer = await api.http.send("POST", f"{path}/ack", json={"accepted": True}, key=key)
        assert (answer.status_code, answer.json()["status"]) == (200, "acknowledged")
    refused = await api.http.send("POST", f"{path}/ack", json={"accepted": False, "reason": "late"})
    assert refused.status_code == 409
    await api.system.run("ach-files")
    api.system.clock.ms = eastern_ms("2026-11-25 08:30")
    await api.system.run("ach-files")
    nacha = sent_file(api.system)
    body = return_file(nacha, dict.fromkeys(traces_of(nacha), "R23"))
    headers = {"content-type": "text/plain"}
    taken = await api.http.send("POST", "/v1/ach/returns", content=body, headers=headers)
    assert taken.status_code == 201, taken.text
    await api.system.run("ach-returns")
    items = await api.http.send("GET", f"/v1/ach/returns/{taken.json()['id']}/items")
    assert [(item["code"], item["outcome"]) for item in items.json()["data"]] == [("R23", "applied")]
    cases = await api.http.send("GET", "/v1/ach/cases?status=open")
    (case,) = cases.json()["data"]
    assert case["case_kind"] == "compliance"
    closed = await api.http.send("POST", f"/v1/ach/cases/{case['id']}/close", json={"note": "spoke to the bank"})
    assert closed.json()["status"] == "closed"
    assert (await api.system.balances("pro_ann")) == (50_000, 0, 0)


async def test_a_body_that_is_no_nacha_file_is_refused_without_being_repeated(api: Api) -> None:
    headers = {"content-type": "text/plain"}
    answer = await api.http.send("POST", "/v1/ach/returns", content=b"123456789 secret", headers=headers)
    assert answer.status_code == 422
    assert b"secret" not in answer.content
