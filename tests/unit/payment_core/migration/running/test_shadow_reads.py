"""Shadow reads: both sides field by field, by hashes; a difference stops the stated time, and no data adds none."""

import pytest

from daemon.embedded.old_processor.book import Answer, Cause
from payment_core.migration.model import Moved
from payment_core.migration.names import JobName
from payment_core.migration.running.model import Difference
from payment_core.migration.running.shadow_read.evidence import Outcome
from payment_core.migration.running.shadow_read.reading import QUEUE_MAX, Pair
from tests.unit.payment_core.migration.running.both_world import BothWorld


async def test_everything_that_was_moved_is_equal_and_counted(world: BothWorld) -> None:
    await world.move()
    await world.compare()
    evidence = await world.evidence()
    assert evidence.equal == len(world.there("customer")) + len(world.there("payment_method")) + len(
        world.there("bank_account")
    )
    assert (evidence.differing_total, evidence.missing_total, evidence.unreadable_total) == (0, 0, 0)


@pytest.mark.parametrize(
    ("kind", "change", "field"),
    [
        ("payment_method", {"card": {"exp_year": 2040, "brand": "visa"}}, "exp_year"),
        ("payment_method", {"billing_details": {"address": {"country": "FR"}}}, "country"),
        ("bank_account", {"routing_number": "091000019"}, "routing_number"),
        ("bank_account", {"account_holder_name": "Somebody Else"}, "holder_name"),
        ("customer", {"email": "other@example.com"}, "email"),
    ],
)
async def test_a_field_that_differs_is_found_told_by_hashes_and_stops_the_stated_time(
    world: BothWorld, kind: str, change: dict[str, object], field: str
) -> None:
    await world.move()
    await world.compare()
    before = await world.evidence()
    assert before.equal > 0
    there = world.there(kind)[0]
    world.book.objects[there["id"]] = {**there, **change}
    await world.compare()
    found: list[Difference] = await world.all(Difference)
    assert field in {one.field for one in found}
    assert all(one.there == there["id"] and len(one.ours) == len(one.theirs) == 64 for one in found)
    assert "other@example.com" not in str(found)
    after = await world.evidence()
    assert (after.equal_ms, after.differing_total) == (0, 1)
    assert field in after.stopped_by
    listed = await world.ask("GET", "/v1/migration/differences")
    assert {one["field"] for one in listed["data"]} >= {field}


async def test_an_object_that_is_gone_there_is_missing_and_settled_once_it_is_back(world: BothWorld) -> None:
    await world.move()
    there = world.there("payment_method")[0]
    world.book.objects[there["id"]] = {**there, "customer": None}
    await world.compare()
    assert (await world.evidence()).missing_total == 1
    assert (await world.ask("GET", "/v1/migration/comparison"))["open_differences"] == 1
    world.book.objects[there["id"]] = there
    await world.compare()
    assert (await world.ask("GET", "/v1/migration/comparison"))["open_differences"] == 0
    assert [one.settled_at_ms > 0 for one in await world.all(Difference)] == [True]


async def test_a_change_that_is_on_its_way_is_no_difference(world: BothWorld) -> None:
    await world.move()
    token = await world.add_card("cus_here")
    await world.tell()
    await world.remove_card(token)
    await world.compare()
    assert (await world.evidence()).missing_total == 0
    await world.tell()
    await world.compare()
    assert (await world.evidence()).missing_total == 0


async def test_a_difference_that_is_gone_at_the_second_look_does_not_count(world: BothWorld) -> None:
    await world.move()
    there = world.there("payment_method")[0]
    world.book.objects[there["id"]] = {**there, "card": {**there["card"], "exp_year": 2040}}
    assert world.both.shadow is not None
    moved = await world.store.read(Moved, f"payment_methods:{there['id']}")
    assert moved is not None
    assert await world.both.shadow.compare(Pair("payment_method", moved.local_id)) is None
    world.book.objects[there["id"]] = there
    world.clock.at_ms += 2_500
    await world.run("migration-standing")
    assert (await world.evidence()).differing_total == 0


async def test_what_cannot_be_read_is_unreadable_and_no_evidence(world: BothWorld) -> None:
    await world.move()
    world.api.is_down = True
    await world.compare()
    evidence = await world.evidence()
    assert evidence.unreadable_total > 0
    assert (evidence.equal, evidence.equal_ms) == (0, 0)


async def test_the_queue_is_bounded_and_what_does_not_fit_is_counted(world: BothWorld) -> None:
    assert world.both.shadow is not None
    for _ in range(QUEUE_MAX + 3):
        world.both.shadow.offer(Pair("payment_method", "tok_any"))
    assert world.both.shadow.waiting == QUEUE_MAX
    assert world.both.counts.dropped["queue_full"] == 3


async def test_cards_of_jobs_that_were_not_run_are_not_compared(world: BothWorld) -> None:
    await world.move(JobName.CUSTOMERS)
    await world.compare()
    assert (await world.evidence()).equal == len(world.there("customer"))


async def test_what_is_gone_on_both_sides_is_no_equal_read_and_settles_what_was_open(world: BothWorld) -> None:
    await world.move()
    card = await world.moved_card()
    there = next(one.id.partition(":")[2] for one in await world.all(Moved) if one.local_id == card.id)
    shadow = world.both.shadow
    assert shadow is not None
    world.clock.at_ms += 1_000
    world.book.detach(there, Cause("", world.clock.at_ms // 1000))
    assert await shadow.compare(Pair("payment_method", card.id), confirmed=True) is Outcome.MISSING
    await world.run("old-processor-events")
    assert await shadow.compare(Pair("payment_method", card.id), confirmed=True) is None
    assert (shadow.taken().equal, world.both.counts.dropped["gone"]) == (0, 1)
    assert [one.settled_at_ms > 0 for one in await world.all(Difference)] == [True]


async def test_an_answer_that_is_of_no_object_is_unreadable(world: BothWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    await world.move()
    card = await world.moved_card()
    monkeypatch.setattr(world.book, "get", lambda _object_id: Answer(200, {}))
    assert world.both.shadow is not None
    assert await world.both.shadow.compare(Pair("payment_method", card.id)) is Outcome.UNREADABLE
