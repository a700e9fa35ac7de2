"""What the queue lost is fetched from the outbox, once, and only when it is old enough to be lost."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from checks.facts import AnyFact, Fact, PaymentAttempted
from daemon.errors import CoreUnreachable
from daemon.probes.core_client import EventPage
from daemon.sources import backfill as module
from daemon.sources.backfill import GRACE_MS, Backfill
from daemon.storage.checkpoint import Checkpoint
from tests.unit.daemon.sources.fakes import NOW_MS

OLD_MS = NOW_MS - GRACE_MS


def payment(sequence: int, at_ms: int = OLD_MS) -> PaymentAttempted:
    return PaymentAttempted(
        id=f"evt_{sequence}",
        at_ms=at_ms,
        subject="p",
        sequence=sequence,
        rail="card",
        outcome="succeeded",
        amount_cents=1,
    )


class FakeOutbox:
    """The outbox of a core, in memory."""

    def __init__(self, *facts: PaymentAttempted, down: bool = False) -> None:
        self.facts = list(facts)
        self.down = down
        self.asked: list[int] = []

    async def events(self, after: int | str, limit: int) -> EventPage:
        """A page of them, or nothing when it is down."""
        assert isinstance(after, int)
        self.asked.append(after)
        if self.down:
            raise CoreUnreachable("http://127.0.0.2")
        above: list[AnyFact] = []
        above.extend(fact for fact in self.facts if fact.sequence > after)
        return EventPage(above[:limit])


class FakeParts:
    """The outbox of a core whose store lies in parts: events carry no position, and a place is a text."""

    def __init__(self, *facts: PaymentAttempted) -> None:
        self.facts = [msgspec.structs.replace(fact, sequence=0) for fact in facts]
        self.asked: list[str] = []

    async def events(self, after: int | str, limit: int) -> EventPage:
        """A page of them."""
        self.asked.append(str(after))
        begin = 0 if str(after) == "0" else int(str(after).removeprefix("0.1@"))
        page: list[AnyFact] = [*self.facts[begin : begin + limit]]
        return EventPage(page, f"0.1@{begin + len(page)}" if page else str(after))


class RecordingSink:
    """Records into a checkpoint, as the pipeline does."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.checkpoint = checkpoint
        self.new: list[Fact] = []

    async def accept(self, facts: Sequence[Fact], source: str) -> None:
        """Record, and keep what was new."""
        self.new += (await self.checkpoint.record(facts, source, NOW_MS)).facts


@pytest.fixture
async def sink(tmp_path: Path) -> RecordingSink:
    checkpoint = await Checkpoint.open(tmp_path / "c.db", 60_000)
    await checkpoint.restore(NOW_MS)
    return RecordingSink(checkpoint)


def backfill(sink: RecordingSink, *outboxes: FakeOutbox | FakeParts) -> Backfill:
    return Backfill(outboxes, sink.checkpoint, sink, producer="us-east-1")


def ids(facts: Sequence[Fact]) -> list[int]:
    return [fact.sequence for fact in facts]


async def test_a_lost_event_is_recovered_and_counted_once(sink: RecordingSink) -> None:
    outbox = FakeOutbox(*(payment(n) for n in range(1, 6)))
    await sink.accept([payment(1), payment(2), payment(4)], "queue")
    made = backfill(sink, outbox)
    assert await made.tick(NOW_MS) == 2
    assert ids(sink.new) == [1, 2, 4, 3, 5]
    await sink.accept([payment(3)], "queue")
    assert await made.tick(NOW_MS) == 0
    totals = sink.checkpoint.totals()
    assert (totals.consumed, totals.duplicates) == (5, 1)
    assert outbox.asked == [2, 5]


async def test_a_young_event_is_left_to_the_queue_for_a_while(sink: RecordingSink) -> None:
    outbox = FakeOutbox(payment(1), payment(2, NOW_MS - GRACE_MS + 1), payment(3, NOW_MS))
    made = backfill(sink, outbox)
    assert await made.tick(NOW_MS) == 1
    assert await made.tick(NOW_MS + GRACE_MS) == 2
    assert ids(sink.new) == [1, 2, 3]


async def test_a_long_absence_is_caught_up_in_bounded_bites(
    sink: RecordingSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PAGE", 10)
    monkeypatch.setattr(module, "MAX_PAGES", 3)
    made = backfill(sink, FakeOutbox(*(payment(n) for n in range(1, 76))))
    assert [await made.tick(NOW_MS) for _ in range(4)] == [30, 30, 15, 0]
    assert ids(sink.new) == list(range(1, 76))


async def test_positions_that_the_outbox_does_not_have_are_not_waited_for(sink: RecordingSink) -> None:
    outbox = FakeOutbox(payment(4), payment(5), payment(8))
    made = backfill(sink, outbox)
    assert await made.tick(NOW_MS) == 3
    assert sink.checkpoint.received("us-east-1").watermark == 8
    assert await made.tick(NOW_MS) == 0
    assert outbox.asked == [0, 8]


async def test_the_next_core_is_asked_when_the_first_is_away(sink: RecordingSink) -> None:
    made = backfill(sink, FakeOutbox(down=True), FakeOutbox(payment(1)))
    assert await made.tick(NOW_MS) == 1


async def test_when_no_core_answers_it_is_counted_and_nothing_breaks(sink: RecordingSink) -> None:
    made = backfill(sink, FakeOutbox(down=True))
    assert await made.tick(NOW_MS) == 0
    assert await backfill(sink).tick(NOW_MS) == 0


async def test_an_outbox_in_parts_is_compared_by_ids_from_the_place_where_everything_had_arrived(
    sink: RecordingSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PAGE", 3)
    outbox = FakeParts(*(payment(n) for n in range(1, 8)))
    await sink.accept([outbox.facts[1], outbox.facts[5]], "queue")
    made = backfill(sink, outbox)
    assert await made.tick(NOW_MS) == 5
    assert [fact.id for fact in sink.new] == [f"evt_{n}" for n in (2, 6, 1, 3, 4, 5, 7)]
    assert sink.checkpoint.totals().duplicates == 0
    outbox.asked.clear()
    assert await made.tick(NOW_MS) == 0
    assert outbox.asked == ["0.1@7"]


async def test_a_young_event_of_an_outbox_in_parts_is_looked_at_again_and_the_old_ones_beside_it_come_once(
    sink: RecordingSink,
) -> None:
    outbox = FakeParts(payment(1), payment(2, NOW_MS))
    made = backfill(sink, outbox)
    assert await made.tick(NOW_MS) == 1
    assert sink.checkpoint.place("us-east-1") == ""
    assert await made.tick(NOW_MS + GRACE_MS) == 1
    assert sink.checkpoint.place("us-east-1") == "0.1@2"
    assert [fact.id for fact in sink.new] == ["evt_1", "evt_2"]


async def test_the_place_of_an_outbox_in_parts_outlives_a_restart(sink: RecordingSink, tmp_path: Path) -> None:
    outbox = FakeParts(payment(1), payment(2))
    await backfill(sink, outbox).tick(NOW_MS)
    await sink.checkpoint.close()
    again = await Checkpoint.open(tmp_path / "c.db", 60_000)
    await again.restore(NOW_MS)
    outbox.asked.clear()
    assert await backfill(RecordingSink(again), outbox).tick(NOW_MS + GRACE_MS) == 0
    assert outbox.asked == ["0.1@2"]
    await again.close()


async def test_regions_that_share_one_outbox_are_counted_as_one_and_a_stranger_is_still_refused(tmp_path: Path) -> None:
    checkpoint = await Checkpoint.open(tmp_path / "shared.db", 60_000, {"us-west-2": "us-east-1"})
    await checkpoint.restore(NOW_MS)
    sink = RecordingSink(checkpoint)
    events = [replace(payment(n), region="us-west-2" if n % 2 else "us-east-1") for n in range(1, 6)]
    await sink.accept(events[:2], "queue")
    made = Backfill([FakeOutbox(*events)], checkpoint, sink, producer="us-east-1", sharing=("us-west-2",))
    assert await made.tick(NOW_MS) == 3
    assert await made.tick(NOW_MS) == 0
    assert checkpoint.received("us-east-1").watermark == 5
    assert checkpoint.received("us-west-2").watermark == 0
    stranger = FakeOutbox(replace(payment(6), region="eu-west-1"))
    alone = Backfill([stranger], checkpoint, sink, producer="us-east-1", sharing=("us-west-2",))
    assert await alone.tick(NOW_MS) == 0
    await checkpoint.close()
