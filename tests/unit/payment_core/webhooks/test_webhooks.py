"""Endpoints, deliveries, retries and replays."""

import base64
from datetime import UTC, datetime, tzinfo
from functools import partial
from typing import Any, Self

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from payment_core.store.port import OutboxRow, Transaction
from payment_core.webhooks import fanout as fanout_module
from payment_core.webhooks.delivering import GONE, LEASE_MS, PER_ENDPOINT_MAX, PUT_OFF_MS
from payment_core.webhooks.fanout import DELIVERIES_MAX
from payment_core.webhooks.model import KEPT_DEAD_MS, KEPT_SUCCEEDED_MS, WebhookDelivery
from payment_core.webhooks.ports import Sent
from payment_core.webhooks.retries import DEAD_IN_A_ROW_MAX, FIRST_WAIT_MS, GIVE_UP_MS, WAIT_MS_MAX
from payment_core.webhooks.signing import new_signing_secret, signature_headers
from tests.unit.payment_core.webhooks.webhook_world import URL, WebhookWorld


def answer_in_turn(number: int, _attempt: int) -> Sent:
    """Every other event fails."""
    return Sent(500) if number % 2 == 0 else Sent(200)


def verify(secret: str, headers: dict[str, str], body: bytes, monkeypatch: pytest.MonkeyPatch) -> Any:  # noqa: ANN401
    """What the reference library says; its clock is set to the signature's."""
    moment = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)

    class FrozenDatetime(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            return cls.fromtimestamp(moment.timestamp(), tz)

    with monkeypatch.context() as patch:
        patch.setattr("standardwebhooks.webhooks.datetime", FrozenDatetime)
        return Webhook(secret).verify(body, headers)


async def test_an_event_arrives_signed_so_that_the_reference_library_verifies_it(
    world: WebhookWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await world.add_endpoint(kinds=["payment.captured"])
    event_id = await world.publish(1)
    await world.run()
    [(url, headers, body)] = world.receiver.received
    assert (url, headers["webhook-id"]) == (URL, event_id)
    assert verify(made["secret"], headers, body, monkeypatch) == msgspec.json.decode(body)
    document = msgspec.json.decode(body)
    assert (document["type"], document["timestamp"]) == ("payment.captured", "2026-09-21T14:13:20.000Z")
    assert document["data"]["amount_cents"] == 1
    with pytest.raises(WebhookVerificationError):
        verify(made["secret"], headers, body + b" ", monkeypatch)
    with pytest.raises(WebhookVerificationError):
        verify(new_signing_secret(), headers, body, monkeypatch)


@given(st.binary(max_size=200), st.from_regex(r"[a-z0-9_.]{1,40}", fullmatch=True))
def test_any_body_is_signed_as_the_specification_says(body: bytes, message_id: str) -> None:
    secret = new_signing_secret()
    headers = signature_headers([secret], message_id, 1_790_000_000, body)
    moment = datetime.fromtimestamp(1_790_000_000, UTC)
    if body.isascii():
        expected = Webhook(secret).sign(message_id, moment, body.decode("ascii"))
        assert headers["webhook-signature"] == expected
    assert 24 <= len(base64.b64decode(secret.removeprefix("whsec_"))) <= 64


async def test_the_secret_is_shown_once_and_sealed(world: WebhookWorld) -> None:
    made = await world.send("POST", "/v1/webhook_endpoints", json={"url": URL}, key="k")
    secret = made.json()["secret"]
    assert secret.startswith("whsec_")
    again = await world.send("POST", "/v1/webhook_endpoints", json={"url": URL}, key="k")
    assert again.json() == made.json() | {"secret": ""}
    assert (await world.endpoint(made.json()["id"])).json()["secret"] == ""
    assert secret.encode() not in b"".join(world.store._bodies.values())


async def test_two_secrets_sign_while_one_takes_over_from_the_other(
    world: WebhookWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await world.add_endpoint(kinds=["payment.captured"])
    path = f"/v1/webhook_endpoints/{made['id']}/rotate"
    rotated = (await world.send("POST", path, json={"overlap_seconds": 60})).json()
    assert rotated["secret"] not in {"", made["secret"]}
    busy = await world.send("POST", path, json={})
    assert (busy.status_code, busy.json()["type"]) == (409, "urn:tillwatch:problem:webhook-secret-rotating")
    await world.publish(1)
    await world.run()
    _, headers, body = world.receiver.received[-1]
    for secret in (made["secret"], rotated["secret"]):
        assert verify(secret, headers, body, monkeypatch)
    world.clock.ms += 60_000
    await world.publish(2)
    await world.run()
    _, headers, body = world.receiver.received[-1]
    assert verify(rotated["secret"], headers, body, monkeypatch)
    with pytest.raises(WebhookVerificationError):
        verify(made["secret"], headers, body, monkeypatch)
    assert (await world.send("POST", path, json={"overlap_seconds": 0})).status_code == 200


async def test_an_endpoint_gets_the_events_from_its_creation_on_that_it_asked_for(world: WebhookWorld) -> None:
    await world.publish(1)
    world.clock.ms += 1
    await world.add_endpoint(kinds=["payment.captured"])
    wanted = [await world.publish(number) for number in (2, 3)]
    await world.publish(4, kind="heartbeat")
    await world.run()
    assert sorted(world.receiver.ids) == wanted


async def test_a_new_endpoint_does_not_read_the_whole_past(
    world: WebhookWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fanout_module, "ROWS_MAX", 2)
    for number in range(5):
        await world.publish(number)
    for _ in range(3):
        await world.fanout.run_once(world.clock.ms)
    world.clock.ms += 1
    await world.add_endpoint(kinds=["payment.captured"])
    event_id = await world.publish(9)
    read = world.store.events
    asked: list[str] = []

    async def events(after: str, limit: int) -> list[OutboxRow]:
        asked.append(after)
        return await read(after, limit)

    monkeypatch.setattr(world.store, "events", events)
    await world.fanout.run_once(world.clock.ms)
    assert set(asked) == {"5"}
    await world.delivering.run_once(world.clock.ms)
    assert world.receiver.ids == [event_id]


async def test_many_events_make_one_delivery_each_whoever_runs_the_job(world: WebhookWorld) -> None:
    await world.add_endpoint(kinds=["payment.captured"])
    await world.add_endpoint(kinds=["payment.captured"])
    count = DELIVERIES_MAX * 2 + 3
    for number in range(count):
        await world.publish(number)
    other, _ = world.jobs(world.store)
    for job in (world.fanout, other, world.fanout):
        await job.run_once(world.clock.ms)
    assert len(world.deliveries()) == 2 * count
    assert len({(each.endpoint_id, each.event_id) for each in world.deliveries()}) == 2 * count


async def test_a_delivery_is_tried_again_with_growing_waits_until_it_is_accepted(world: WebhookWorld) -> None:
    await world.add_endpoint(kinds=["payment.captured"])
    await world.publish(1)
    world.receiver.answer = lambda number: Sent(500) if number < 4 else Sent(204)
    await world.run()
    waits = []
    while world.deliveries()[0].status == "pending":
        due_ms = world.deliveries()[0].due_ms
        waits.append(due_ms - world.clock.ms)
        world.clock.ms = due_ms - 1
        await world.run()
        world.clock.ms += 1
        await world.run()
    assert waits == [FIRST_WAIT_MS, FIRST_WAIT_MS * 3, FIRST_WAIT_MS * 9]
    assert len(set(world.receiver.ids)) == 1
    assert len(world.receiver.ids) == 4
    assert world.outcomes == ["retried", "retried", "retried", "succeeded"]


@pytest.mark.parametrize("sent", [Sent(301), Sent(302), Sent(404), Sent(500), Sent(0, "ConnectError"), Sent(199)])
async def test_whatever_is_no_success_is_tried_again(world: WebhookWorld, sent: Sent) -> None:
    await world.add_endpoint(kinds=["payment.captured"])
    await world.publish(1)
    world.receiver.answer = lambda _number: sent
    await world.run()
    [delivery] = world.deliveries()
    assert (delivery.status, delivery.status_code, delivery.fault) == ("pending", sent.status_code, sent.fault)


async def test_a_delivery_is_given_up_after_three_days_and_can_be_sent_again(world: WebhookWorld) -> None:
    made = await world.add_endpoint(kinds=["payment.captured"])
    await world.publish(1)
    world.receiver.answer = lambda _number: Sent(500)
    begun_ms = world.clock.ms
    await world.run()
    while world.deliveries()[0].status == "pending":
        world.clock.ms = world.deliveries()[0].due_ms
        await world.run()
    [dead] = world.deliveries()
    assert dead.status == "dead"
    assert GIVE_UP_MS - WAIT_MS_MAX <= world.clock.ms - begun_ms <= GIVE_UP_MS
    assert 15 <= dead.attempts <= 25
    path = f"/v1/webhook_deliveries/{dead.id}"
    world.receiver.answer = lambda _number: Sent(200)
    assert (await world.send("POST", f"{path}/replay")).json()["status"] == "pending"
    assert (await world.send("POST", f"{path}/replay")).status_code == 409
    await world.run()
    shown = (await world.send("GET", path)).json()
    assert (shown["status"], shown["replays"], shown["status_code"]) == ("succeeded", 1, 200)
    listed = (await world.send("GET", f"/v1/webhook_endpoints/{made['id']}/deliveries")).json()
    assert [each["id"] for each in listed["data"]] == [dead.id]


async def test_an_endpoint_that_lets_everything_die_is_disabled_and_goes_on_when_it_is_enabled(
    world: WebhookWorld,
) -> None:
    made = await world.add_endpoint(kinds=["payment.captured"])
    for number in range(DEAD_IN_A_ROW_MAX):
        await world.publish(number)
    world.receiver.answer = lambda _number: Sent(500)
    await world.run()
    for _ in range(40):
        world.clock.ms += WAIT_MS_MAX
        await world.run()
    shown = (await world.endpoint(made["id"])).json()
    assert (shown["status"], shown["disabled_reason"]) == ("disabled", "5 deliveries in a row were given up")
    missed = await world.publish(99)
    before = len(world.receiver.ids)
    await world.run()
    assert len(world.receiver.ids) == before
    dead = world.deliveries()[0]
    assert (await world.send("POST", f"/v1/webhook_deliveries/{dead.id}/replay")).status_code == 409
    world.receiver.answer = lambda _number: Sent(200)
    await world.send("POST", f"/v1/webhook_endpoints/{made['id']}", json={"status": "enabled"})
    await world.run()
    assert world.receiver.ids[before:] == [missed]
    assert (await world.endpoint(made["id"])).json()["disabled_reason"] == ""


async def test_a_receiver_that_is_gone_is_not_called_again(world: WebhookWorld) -> None:
    made = await world.add_endpoint(kinds=["payment.captured"])
    for number in range(3):
        await world.publish(number)
    world.receiver.answer = lambda _number: Sent(GONE)
    await world.run()
    shown = (await world.endpoint(made["id"])).json()
    assert (shown["status"], shown["disabled_reason"]) == ("disabled", "the receiver answered 410 Gone")
    assert {each.status for each in world.deliveries()} == {"dead"}


async def test_a_success_forgets_the_failures_before_it(world: WebhookWorld) -> None:
    made = await world.add_endpoint(kinds=["payment.captured"])
    for number in range(DEAD_IN_A_ROW_MAX * 2):
        await world.publish(number)
        world.receiver.answer = partial(answer_in_turn, number)
        await world.run()
        while any(each.status == "pending" for each in world.deliveries()):
            world.clock.ms += WAIT_MS_MAX
            await world.run()
    assert (await world.endpoint(made["id"])).json()["status"] == "enabled"


async def test_a_deleted_endpoint_is_called_no_more_and_listed_nowhere(world: WebhookWorld) -> None:
    made = await world.add_endpoint(kinds=["payment.captured"])
    await world.publish(1)
    await world.fanout.run_once(world.clock.ms)
    deleted = await world.send("DELETE", f"/v1/webhook_endpoints/{made['id']}")
    assert (deleted.status_code, deleted.json()["status"]) == (200, "deleted")
    await world.publish(2)
    await world.run()
    assert world.receiver.received == []
    assert [each.status for each in world.deliveries()] == ["dead"]
    assert (await world.send("GET", "/v1/webhook_endpoints")).json()["data"] == []
    assert (await world.endpoint(made["id"])).status_code == 404
    assert (await world.send("DELETE", f"/v1/webhook_endpoints/{made['id']}")).status_code == 404


async def test_deliveries_are_forgotten_in_the_end(world: WebhookWorld) -> None:
    await world.add_endpoint(kinds=["payment.captured"])
    await world.publish(1)
    await world.run()
    world.clock.ms += KEPT_SUCCEEDED_MS - 1
    await world.run()
    assert len(world.deliveries()) == 1
    world.clock.ms += 1
    await world.run()
    assert world.deliveries() == []
    assert KEPT_DEAD_MS > KEPT_SUCCEEDED_MS


async def test_one_broken_delivery_or_endpoint_stops_no_other(
    world: WebhookWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = await world.add_endpoint(kinds=["payment.captured"])
    await world.add_endpoint(kinds=["payment.captured"])
    opened = world.seal.open

    async def open_or_fail(purpose: str, record_id: str, sealed: bytes) -> bytes:
        if record_id == bad["id"]:
            raise ValueError("tampered")
        return await opened(purpose, record_id, sealed)

    monkeypatch.setattr(world.seal, "open", open_or_fail)
    for number in range(3):
        await world.publish(number)
    await world.run()
    statuses = sorted(each.status for each in world.deliveries())
    assert statuses == ["pending"] * 3 + ["succeeded"] * 3
    pending = [each for each in world.deliveries() if each.status == "pending"]
    assert {each.due_ms - world.clock.ms for each in pending} == {LEASE_MS}


async def test_a_receiver_that_fails_keeps_nobody_else_waiting(world: WebhookWorld) -> None:
    failing = await world.add_endpoint(kinds=["payment.captured"])
    world.receiver.answer = lambda _number: Sent(0, "no answer within 10 s")
    for number in range(30):
        await world.publish(number)
    await world.run()
    assert len(world.receiver.received) == PER_ENDPOINT_MAX
    due = [each.due_ms - world.clock.ms for each in world.deliveries()]
    assert sorted(due) == [FIRST_WAIT_MS] * PER_ENDPOINT_MAX + [PUT_OFF_MS] * (30 - PER_ENDPOINT_MAX)
    assert sum(each.attempts for each in world.deliveries()) == PER_ENDPOINT_MAX
    world.receiver.answer = lambda _number: Sent(200)
    world.clock.ms += PUT_OFF_MS
    await world.run()
    assert {each.status for each in world.deliveries()} == {"succeeded"}
    assert (await world.endpoint(failing["id"])).json()["status"] == "enabled"


async def test_the_fanout_says_whether_more_events_lie_before_it(
    world: WebhookWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fanout_module, "ROWS_MAX", 4)
    await world.add_endpoint(kinds=["payment.captured"])
    for number in range(6):
        await world.publish(number)
    assert [await world.fanout.run_once(world.clock.ms) for _ in range(3)] == [4, 3, 0]


async def test_an_event_that_cannot_be_read_stops_no_other(
    world: WebhookWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.add_endpoint(kinds=["payment.captured"])
    ids = [await world.publish(number) for number in range(3)]
    read = world.store.events

    async def events(after: str, limit: int) -> list[OutboxRow]:
        return [OutboxRow(row.place, b"{}") if ids[1].encode() in row.body else row for row in await read(after, limit)]

    monkeypatch.setattr(world.store, "events", events)
    await world.run()
    assert sorted(world.receiver.ids) == [ids[0], ids[2]]


async def test_starts_are_in_the_order_of_events_and_bounded_for_each_receiver(world: WebhookWorld) -> None:
    await world.add_endpoint(kinds=["payment.captured"])
    ids = []
    for number in range(20):
        world.clock.ms += 1
        ids.append(await world.publish(number))
    await world.run()
    assert world.receiver.ids == ids


async def test_an_answer_that_comes_after_the_lease_changes_nothing_of_the_next_attempt(world: WebhookWorld) -> None:
    await world.add_endpoint(kinds=["payment.captured"])
    await world.publish(1)
    await world.fanout.run_once(world.clock.ms)
    [delivery] = world.deliveries()

    def other_attempt(transaction: Transaction) -> None:
        current = transaction.get(WebhookDelivery, delivery.id)
        assert current is not None
        transaction.put(msgspec.structs.replace(current, attempts=current.attempts + 1))

    send = world.receiver.send

    async def slow(url: str, headers: dict[str, str], body: bytes) -> Sent:
        await world.store.transact(other_attempt, "another process")
        return await send(url, headers, body)

    world.receiver.send = slow  # type: ignore[method-assign]  # a receiver that takes too long
    await world.delivering.run_once(world.clock.ms)
    assert world.outcomes == ["overtaken"]
    assert world.deliveries()[0].status == "pending"
