"""Entries of the fraud lists: who is refused, what is kept, how processes follow, and how they end."""

import json

import pytest

from checks.facts import PaymentRequested
from checks.scoring.lists import ListEntry, ListName, Lists
from payment_core.answers import Answer
from payment_core.fraud.jobs import ListExpiry
from payment_core.fraud.list_desk import FraudListDesk
from payment_core.fraud.list_model import RECORDS, FraudListEntry
from payment_core.fraud.listing import FREEZE_AUTHOR, FREEZE_MS, freeze_payer
from payment_core.fraud.refusals import FraudListRefusal, explain_fraud_lists
from payment_core.fraud.requests import AddListEntry
from payment_core.fraud.runtime_lists import RuntimeLists
from payment_core.operations.call import Call
from payment_core.operations.once import KeyRecord
from payment_core.origin import Origin
from payment_core.payments.rail.scoring import KeyedEmailHash
from payment_core.store.memory import MemoryStore
from payment_core.store.port import Transaction
from payment_core.store.records import Listing
from payment_core.store.stage import Registry

NOW_MS = 1_795_690_800_000
ORIGIN = Origin("blue", "1.0.0", "us-east-1")
HOUR_MS = 3_600_000


class HandClock:
    """Moves when a test says so."""

    def __init__(self) -> None:
        self.ms = NOW_MS

    def now_ms(self) -> int:
        return self.ms

    def monotonic_ms(self) -> float:
        return self.ms


class World:
    """A desk, a process that follows, and the job, over one store. filed: the entries of its file."""

    def __init__(self, *filed: ListEntry) -> None:
        self.clock = HandClock()
        registry = Registry((KeyRecord, *RECORDS))
        self.store = MemoryStore(registry=registry, producer="blue", clock=self.clock)
        self.desk = FraudListDesk(self.store, ORIGIN, KeyedEmailHash(b"k" * 32))
        self.lists = Lists(filed)
        self.runtime = RuntimeLists(self.store, self.lists)
        self.expiry = ListExpiry(self.store, ORIGIN)
        self._calls = 0

    async def add(
        self,
        kind: str,
        value: str,
        expires_at_ms: int = NOW_MS + HOUR_MS,
        key: str = "",
        name: ListName = "block",
        points: int = 0,
    ) -> object:
        self._calls += 1
        call = Call(actor="key:maria", instance="/v1/fraud/lists", key=key if key != "" else f"k{self._calls}")
        body = AddListEntry(
            list=name,
            kind=kind,  # type: ignore[arg-type]  # a kind from a table
            value=value,
            reason="r",
            expires_at_ms=expires_at_ms,
            points=points,
        )
        answer = await self.desk.add(call, body)
        return json.loads(answer.body) if isinstance(answer, Answer) else answer

    async def remove(self, entry_id: str) -> object:
        self._calls += 1
        path = {"entry_id": entry_id}
        answer = await self.desk.remove(Call(actor="key:ben", instance="", key=f"k{self._calls}", path=path), None)
        return json.loads(answer.body) if isinstance(answer, Answer) else answer

    def hits(self, now_ms: int = NOW_MS, **fields: object) -> list[str]:
        known = {"id": "r", "at_ms": now_ms, "subject": "p", "rail": "card", "amount_cents": 1}
        fact = PaymentRequested(**(known | fields))  # type: ignore[arg-type]  # the tests give the right types
        return [entry.name for entry in self.lists.lookup(fact, now_ms)]


@pytest.fixture
def world() -> World:
    return World()


@pytest.mark.parametrize(
    ("kind", "value", "kept"),
    [
        ("card", "fp_abcdefgh12345678", "fp_abcdefgh12345678"),
        ("card", "4242424242424242", None),
        ("card", "fp_short", None),
        ("bank_account", "000123456789", None),
        ("email", "0" * 32, "0" * 32),
        ("email", "ada", None),
        ("ip", "203.0.113.7", "203.0.113.7/32"),
        ("ip", "203.0.113.0/24", "203.0.113.0/24"),
        ("ip", "::ffff:203.0.113.7", "203.0.113.7/32"),
        ("ip", "::ffff:203.0.113.0/120", "203.0.113.0/24"),
        ("ip", "2001:db8::/32", "2001:db8::/32"),
        ("ip", "203.0.113.9/24", None),
        ("ip", "0.0.0.0/0", None),
        ("ip", "somewhere", None),
        ("device", "{any:thing}", "{any:thing}"),
        ("device", "d" * 65, None),
        ("customer", "cus_1", "cus_1"),
        ("customer", "cus/1", None),
        ("provider", "pro_1", "pro_1"),
        ("bin", "411111", "411111"),
        ("bin", "4111111", None),
        ("bin", "41111", None),
    ],
)
async def test_a_value_is_kept_as_requests_are_looked_up_or_refused(
    world: World, kind: str, value: str, kept: str | None
) -> None:
    found = await world.add(kind, value)
    if kept is None:
        assert found is FraudListRefusal.FRAUD_LIST_VALUE_UNUSABLE
        assert await world.store.query(Listing(FraudListEntry)) == []
    else:
        assert isinstance(found, dict)
        assert (found["value"], found["author"], found["status"]) == (kept, "key:maria", "active")


@pytest.mark.parametrize(
    ("name", "kind", "value", "points", "refused"),
    [
        ("allow", "bin", "411111", 0, FraudListRefusal.FRAUD_LIST_VALUE_UNUSABLE),
        ("allow", "rail", "card", 0, FraudListRefusal.FRAUD_LIST_VALUE_UNUSABLE),
        ("block", "rail", "card", 0, FraudListRefusal.FRAUD_LIST_VALUE_UNUSABLE),
        ("review", "rail", "cash", 0, FraudListRefusal.FRAUD_LIST_VALUE_UNUSABLE),
        ("review", "rail", "card", 0, None),
        ("stricter", "rail", "card", 200, None),
        ("stricter", "bin", "411111", 0, FraudListRefusal.FRAUD_LIST_POINTS_UNUSABLE),
        ("block", "bin", "411111", 200, FraudListRefusal.FRAUD_LIST_POINTS_UNUSABLE),
    ],
)
async def test_each_list_takes_what_it_can_do_without_harm(
    world: World, name: ListName, kind: str, value: str, points: int, refused: FraudListRefusal | None
) -> None:
    found = await world.add(kind, value, name=name, points=points)
    if refused is not None:
        assert found is refused
        return
    assert isinstance(found, dict)
    assert (found["list"], found["points"]) == (name, points)
    await world.runtime.run_once(NOW_MS)
    assert world.hits() == [f"{name}_list_{kind}"]


async def test_the_live_entry_of_a_value_is_found_by_its_place_and_an_ended_one_is_not(world: World) -> None:
    added = await world.add("device", "d1")
    assert isinstance(added, dict)
    assert [entry.id for entry in await world.desk.active("block:device:d1")] == [added["id"]]
    assert await world.desk.active("allow:device:d1") == []
    await world.remove(added["id"])
    assert await world.desk.active("block:device:d1") == []


async def test_a_mail_address_is_kept_as_its_keyed_hash_alone(world: World) -> None:
    await world.add("email", "Ada@Example.com")
    await world.runtime.run_once(NOW_MS)
    assert world.hits(email_hash=KeyedEmailHash(b"k" * 32).hash_email("ada@example.com")) == ["block_list_email"]
    entries = await world.store.query(Listing(FraudListEntry))
    events = [row.body for row in await world.store.events("", 10)]
    assert "xample" not in f"{entries} {events}"


async def test_what_cannot_be_added_or_removed_is_refused_with_a_reason(world: World) -> None:
    assert await world.add("ip", "203.0.113.7", NOW_MS) is FraudListRefusal.FRAUD_LIST_EXPIRY_PAST
    added = await world.add("ip", "203.0.113.7", key="same")
    assert await world.add("ip", "203.0.113.7", key="same") == added
    assert await world.add("ip", "203.0.113.7/32") is FraudListRefusal.FRAUD_LIST_ENTRY_EXISTS
    assert isinstance(added, dict)
    removed = await world.remove(added["id"])
    assert isinstance(removed, dict)
    assert (removed["status"], removed["ended_by"], removed["version"]) == ("removed", "key:ben", 2)
    assert await world.remove(added["id"]) is FraudListRefusal.FRAUD_LIST_ENTRY_ENDED
    assert await world.remove("fle_0") is FraudListRefusal.FRAUD_LIST_ENTRY_NOT_FOUND
    assert {explain_fraud_lists(refusal).status for refusal in FraudListRefusal} == {404, 409, 422}
    assert isinstance(await world.add("ip", "203.0.113.7"), dict), "what was removed can be added again"


async def test_an_entry_that_is_over_is_not_hit_ends_by_the_job_and_makes_room_for_another(world: World) -> None:
    await world.add("customer", "cus_1")
    await world.add("customer", "cus_2", NOW_MS + 2 * HOUR_MS)
    await world.runtime.run_once(NOW_MS)
    later_ms = world.clock.ms = NOW_MS + HOUR_MS
    assert world.hits(later_ms, customer_id="cus_1") == []
    assert isinstance(await world.add("customer", "cus_1", NOW_MS + 3 * HOUR_MS), dict)
    assert await world.expiry.run_once(later_ms) == 0, "adding it again has ended the old one"
    world.clock.ms = NOW_MS + 2 * HOUR_MS
    assert await world.expiry.run_once(world.clock.ms) == 1
    assert await world.expiry.run_once(world.clock.ms) == 0
    await world.runtime.run_once(world.clock.ms)
    assert len(world.lists) == 1
    assert world.hits(world.clock.ms, customer_id="cus_1") == ["block_list_customer"]
    statuses = [entry.status for entry in await world.store.query(Listing(FraudListEntry))]
    assert sorted(statuses) == ["active", "expired", "expired"]


async def test_a_process_follows_one_entry_or_all_of_them_to_the_same_lists(world: World) -> None:
    added = await world.add("customer", "cus_1")
    assert isinstance(added, dict)
    await world.runtime.look_at(added["id"])
    assert world.hits(customer_id="cus_1") == ["block_list_customer"]
    assert await world.runtime.run_once(NOW_MS) == 0
    await world.remove(added["id"])
    assert await world.runtime.run_once(NOW_MS) == 1
    assert (world.hits(customer_id="cus_1"), len(world.lists)) == ([], 0)
    again = await world.add("customer", "cus_1")
    assert isinstance(again, dict)
    await world.runtime.look_at(again["id"])
    await world.runtime.look_at(added["id"])
    assert world.hits(customer_id="cus_1") == ["block_list_customer"], "the older entry's end does not end the newer"


@pytest.mark.parametrize(("filed_hours", "used"), [(1, "api"), (9, "file")])
async def test_of_two_entries_of_one_value_the_longer_counts_and_the_files_stays(filed_hours: int, used: str) -> None:
    filed = ListEntry(
        list="block",
        kind="customer",
        value="cus_1",
        reason="r",
        author="file",
        expires_at_ms=NOW_MS + filed_hours * HOUR_MS,
    )
    world = World(filed)
    added = await world.add("customer", "cus_1", NOW_MS + 5 * HOUR_MS)
    assert isinstance(added, dict)
    await world.runtime.run_once(NOW_MS)
    assert [entry.author for entry in world.lists] == ["key:maria" if used == "api" else "file"]
    await world.remove(added["id"])
    await world.runtime.run_once(NOW_MS)
    assert [entry.author for entry in world.lists] == ["file"]


async def test_freezing_twice_leaves_one_entry_of_each_value_with_its_event(world: World) -> None:
    def freeze(transaction: Transaction) -> None:
        freeze_payer(transaction, ORIGIN, payment_id="pay_1", customer_id="cus_1", rail="ach", fingerprint="fp_1")

    for _ in range(2):
        await world.store.transact(freeze, "key:shop")
    entries = await world.store.query(Listing(FraudListEntry))
    found = {(entry.of, entry.author, entry.expires_at_ms) for entry in entries}
    assert len(entries) == 2
    assert found == {(of, FREEZE_AUTHOR, NOW_MS + FREEZE_MS) for of in ("customer", "bank_account")}
    assert len(await world.store.events("", 10)) == 2
