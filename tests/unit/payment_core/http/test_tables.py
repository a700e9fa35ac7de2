"""The routes of events, ledger and the process, and the description of all of them."""

import asyncio
import re

import msgspec
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from checks.redaction.card_numbers import holds_card_number
from payment_core.http.openapi import openapi
from payment_core.http.tables.events import sharded_place
from payment_core.http.tables.ledger import SCANNED_MAX
from payment_core.ledger.accounts import ACCOUNTS, CUSTOMER_ESCROW, PLATFORM_FEE, RAIL_CLEARING
from payment_core.ledger.journals import Journal, Move, Phase
from payment_core.store.dynamodb.cursor import place_of
from payment_core.store.port import Transaction
from tests.unit.payment_core.http.api_world import World


async def post(world: World, number: int, reference: str = "pay_1") -> None:
    """One journal: 100 captured, 8 of it ours."""

    def work(transaction: Transaction) -> None:
        escrow = CUSTOMER_ESCROW.of("pro_1")
        moves = (Move(RAIL_CLEARING.name, escrow, 100), Move(escrow, PLATFORM_FEE.name, 8))
        journal = Journal(id=f"{reference}:capture:{number}", recipe="capture", reference=reference, moves=moves)
        assert transaction.post(journal) is None

    await world.store.transact(work, "test")


async def test_events_are_paged_by_place_and_by_number(world: World) -> None:
    for number in range(5):
        await world.send("POST", "/v1/keys", json={"name": f"n{number}", "scopes": ["events:read"]})
    first = (await world.send("GET", "/v1/events?after=0&limit=3")).json()
    assert [event["sequence"] for event in first["events"]] == [1, 2, 3]
    assert (first["last_sequence"], first["next_after"]) == (3, "3")
    rest = (await world.send("GET", f"/v1/events?after={first['next_after']}")).json()
    assert [event["sequence"] for event in rest["events"]] == [4, 5]
    end = (await world.send("GET", "/v1/events?after=5")).json()
    assert end == {"events": [], "last_sequence": 5, "next_after": "5"}


@pytest.mark.parametrize("query", ["after=x", "after=-1", "limit=0", "limit=1001", "after=1.0"])
async def test_a_place_that_the_outbox_cannot_have_is_refused(world: World, query: str) -> None:
    assert (await world.send("GET", f"/v1/events?{query}")).status_code == 422


@pytest.mark.parametrize(
    ("place", "fits"),
    [
        ("", True),
        ("0", True),
        ("1.17@3_17_0", True),
        ("1.17", False),
        ("1.17@3_17", False),
        ("1.17@3_17_0_1", False),
        ("x.17@3_17_0", False),
        ("17", False),
    ],
)
def test_a_place_in_shards_has_a_position_in_each(place: str, fits: bool) -> None:
    assert (re.fullmatch(sharded_place(3), place) is not None) == fits


def test_a_place_that_the_sharded_store_gives_is_understood() -> None:
    assert re.fullmatch(sharded_place(4), place_of(2, 99, [1, 2, 99, 0]))


def test_a_place_in_shards_is_never_taken_for_a_card_number() -> None:
    positions = [2, 0, 6, 13, 0, 7, 0, 0, 10, 3, 2, 7, 0, 6, 0, 0]
    assert holds_card_number("-".join(map(str, positions)))
    assert not holds_card_number(place_of(2, 6, positions))


async def test_balances_are_shown_by_account_and_page_by_page(world: World) -> None:
    await post(world, 1)
    accounts = (await world.send("GET", "/v1/ledger")).json()["accounts"]
    assert {each["account"]: each["balance_cents"] for each in accounts} == {
        "customer_escrow/pro_1": 92,
        "platform_fee": 8,
        "rail_clearing": 100,
    }
    names, after = [], ""
    for _ in range(3):
        page = (await world.send("GET", f"/v1/ledger?limit=1&after={after}")).json()
        names += [each["account"] for each in page["accounts"]]
        after = page["next_after"]
    assert (names, after) == (["customer_escrow/pro_1", "platform_fee", "rail_clearing"], "")


async def test_the_trial_balance_adds_all_owners_of_a_line_up_and_its_debits_are_its_credits(world: World) -> None:
    await post(world, 1)
    await post(world, 2, "pay_2")
    lines = (await world.send("GET", "/v1/ledger/trial_balance")).json()["accounts"]
    assert [line["account"] for line in lines] == [account.name for account in ACCOUNTS]
    balances = {line["account"]: line["balance_cents"] for line in lines if line["balance_cents"]}
    assert balances == {RAIL_CLEARING.name: 200, CUSTOMER_ESCROW.name: 184, PLATFORM_FEE.name: 16}
    assert sum(line["debits_cents"] for line in lines) == sum(line["credits_cents"] for line in lines) == 216
    assert {line["account"]: line["owners"] for line in lines}[CUSTOMER_ESCROW.name] == 1


async def test_one_account_shows_what_is_set_aside_and_an_unknown_one_is_404(world: World) -> None:
    await post(world, 1)

    def hold(transaction: Transaction) -> None:
        move = Move(CUSTOMER_ESCROW.of("pro_1"), PLATFORM_FEE.name, 50, Phase.PENDING, "hold_1")
        journal = Journal(id="j", recipe="hold", reference="pay_1", moves=(move,))
        assert transaction.post(journal) is None

    await world.store.transact(hold, "test")
    account = (await world.send("GET", "/v1/ledger/accounts/customer_escrow/pro_1")).json()
    assert (account["balance_cents"], account["available_cents"], account["debits_pending_cents"]) == (92, 42, 50)
    for path, status in (
        ("rail_clearing", 200),
        ("customer_escrow/pro_none", 200),
        ("nothing", 404),
        ("rail_clearing/pro_1", 404),
        ("customer_escrow", 404),
    ):
        assert (await world.send("GET", f"/v1/ledger/accounts/{path}")).status_code == status, path


async def test_journals_are_found_by_place_and_by_what_they_are_about(world: World) -> None:
    for number in range(6):
        await post(world, number, f"pay_{number % 2}")
    first = (await world.send("GET", "/v1/ledger/journals?limit=4")).json()
    assert [each["place"] for each in first["journals"]] == ["1", "2", "3", "4"]
    rest = (await world.send("GET", f"/v1/ledger/journals?after={first['next_after']}")).json()
    assert ([each["place"] for each in rest["journals"]], rest["next_after"]) == (["5", "6"], "")
    found = (await world.send("GET", "/v1/ledger/journals?reference=pay_1&limit=2")).json()
    assert [each["place"] for each in found["journals"]] == ["2", "4"]
    found = (await world.send("GET", f"/v1/ledger/journals?reference=pay_1&after={found['next_after']}")).json()
    assert ([each["place"] for each in found["journals"]], found["next_after"]) == (["6"], "")
    assert found["journals"][0]["moves"][0] == {
        "debit": "rail_clearing",
        "credit": "customer_escrow/pro_1",
        "amount_cents": 100,
        "phase": "posted",
        "hold_id": "",
    }
    assert SCANNED_MAX >= 1000


async def test_a_place_that_the_journals_cannot_have_is_refused(world: World) -> None:
    for place, status in (("9" * 18, 200), ("9" * 19, 422), ("x", 422)):
        assert (await world.send("GET", f"/v1/ledger/journals?after={place}")).status_code == status


async def test_the_process_is_ready_until_it_stops_or_its_store_is_away(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready = await world.http.get("/readyz")
    assert (ready.status_code, ready.json()) == (200, {"ready": True, "version": "1.0.0", "environment": "blue"})
    assert (await world.http.get("/livez")).json() == {"alive": True}

    async def broken(*_: object) -> None:
        raise OSError

    with monkeypatch.context() as patch:
        patch.setattr(world.store, "read", broken)
        assert (await world.http.get("/readyz")).status_code == 503
    with monkeypatch.context() as patch:
        patch.setattr("payment_core.http.tables.service.READY_SECONDS", 0.0)
        patch.setattr(world.store, "read", lambda *_: asyncio.Event().wait())
        assert (await world.http.get("/readyz")).json()["ready"] is False
    world.stopping.set()
    away = await world.http.get("/readyz")
    assert (away.status_code, away.json()["ready"]) == (503, False)
    assert (await world.http.get("/livez")).status_code == 200


async def test_metrics_are_prometheus_text(world: World) -> None:
    await world.http.get("/livez")
    answer = await world.send("GET", "/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert "till_core_outbox_unsent 3.0" in answer.text
    assert 'till_core_request_seconds_count{route="/livez",status="200"} 1.0' in answer.text


async def test_a_store_that_cannot_count_keeps_no_metric_but_its_own_from_being_told(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away() -> int:
        raise OSError

    async def slow() -> int:
        await asyncio.Event().wait()
        return 0

    monkeypatch.setattr("payment_core.http.tables.service.COUNT_SECONDS", 0.0)
    for count in (away, slow):
        world.count_unsent = count
        answer = await world.send("GET", "/metrics")
        assert answer.status_code == 200
        assert "till_core_outbox_unsent" not in answer.text
        assert "till_core_info" in answer.text


async def test_the_description_is_valid_openapi_and_complete(world: World) -> None:
    document = (await world.http.get("/openapi.json")).json()
    OpenAPIV31SpecValidator(document).validate()
    described = {(method.upper(), path) for path, item in document["paths"].items() for method in item}
    assert described == {(route.method, route.path) for route in world.app.routes}
    ids = [operation["operationId"] for item in document["paths"].values() for operation in item.values()]
    assert len(set(ids)) == len(ids)
    text = msgspec.json.encode(document).decode()
    for name in document["components"]["schemas"]:
        assert f"#/components/schemas/{name}" in text


async def test_every_route_with_a_scope_describes_it_and_what_the_gate_answers(world: World) -> None:
    document = openapi(world.app.routes, "1.0.0")
    for route in world.app.routes:
        operation = document["paths"][route.path][route.method.lower()]
        assert operation["security"] == ([{"api_key": [route.scope]}] if route.scope else [])
        assert ({"401", "403", "429"} <= set(operation["responses"])) == (route.scope != "")
        keys = [each for each in operation["parameters"] if each["name"] == "Idempotency-Key"]
        assert bool(keys) == (route.method != "GET")
        if route.items is not None:
            schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
            assert schema["allOf"][1]["properties"]["data"]["items"]["$ref"].endswith(route.items.__name__)
