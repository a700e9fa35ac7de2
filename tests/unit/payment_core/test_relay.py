"""The relay: every event at least once, only what was refused again, and never more than a call takes."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.packed import PackedEvents
from payment_core import relay
from payment_core.errors import QueueUnavailable
from payment_core.metrics.counts import Counts
from payment_core.relay import Relay, pack
from payment_core.store.port import OutboxRow, Transaction
from payment_core.store.sqlite.store import SqliteStore
from tests.unit.payment_core.store.ledger_notes import REGISTRY, write_paper


class HandClock:
    """A clock that moves by hand."""

    def __init__(self) -> None:
        self.ms = 1_000_000

    def now_ms(self) -> int:
        return self.ms

    def monotonic_ms(self) -> float:
        return self.ms


class FakeQueue:
    """Takes messages; refuses the positions it is told to, call by call, or is down."""

    def __init__(self) -> None:
        self.sent: list[list[int]] = []
        self.refuse: list[list[int]] = []
        self.down_calls = 0
        self.arrived = asyncio.Event()

    async def send(self, messages: list[bytes]) -> list[int]:
        if self.down_calls > 0:
            self.down_calls -= 1
            raise QueueUnavailable
        refused = self.refuse.pop(0) if self.refuse else []
        for position, body in enumerate(messages):
            if position not in refused:
                events = msgspec.json.decode(body, type=PackedEvents).events
                self.sent.append([event.sequence for event in events])
        self.arrived.set()
        return refused

    @property
    def sequences(self) -> list[int]:
        return [sequence for message in self.sent for sequence in message]


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def store(tmp_path: Path, clock: HandClock) -> AsyncIterator[SqliteStore]:
    opened = SqliteStore(path=tmp_path / "payments.db", registry=REGISTRY, producer="blue", clock=clock)
    await opened.open()
    yield opened
    await opened.close()


def relay_of(store: SqliteStore, queue: FakeQueue, clock: HandClock, producer: str = "blue") -> Relay:
    return Relay(outbox=store, queue=queue, producer=producer, clock=clock, counts=Counts())


async def publish(store: SqliteStore, count: int) -> None:
    known = len(await store.events("", 1000))

    def work(transaction: Transaction) -> None:
        for number in range(known, known + count):
            write_paper(transaction, f"p{number}")

    await store.transact(work, "test")


async def test_events_arrive_in_order_numbered_from_one_and_once(store: SqliteStore, clock: HandClock) -> None:
    queue = FakeQueue()
    await publish(store, 250)
    assert await relay_of(store, queue, clock).relay_own() == 250
    assert queue.sequences == list(range(1, 251))
    assert [len(message) for message in queue.sent] == [100, 100, 50]
    assert await relay_of(store, queue, clock).relay_own() == 0
    assert await store.count_unsent() == 0


async def test_only_what_was_refused_is_sent_again(store: SqliteStore, clock: HandClock) -> None:
    queue = FakeQueue()
    queue.refuse = [[1]]
    await publish(store, 300)
    subject = relay_of(store, queue, clock)
    with pytest.raises(QueueUnavailable):
        await subject.relay_own()
    assert queue.sequences == [*range(1, 101), *range(201, 301)]
    queue.sent.clear()
    await subject.relay_own()
    assert queue.sequences == list(range(101, 201))


async def test_a_queue_that_is_down_only_delays(
    store: SqliteStore, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "RETRY_SECONDS_MIN", 0.001)
    monkeypatch.setattr(relay, "RETRY_SECONDS_MAX", 0.002)
    queue = FakeQueue()
    queue.down_calls = 5
    await publish(store, 3)
    subject = relay_of(store, queue, clock)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(subject.run(), name="relay")
        await queue.arrived.wait()
        running.cancel()
    assert queue.sequences == [1, 2, 3]


async def test_a_commit_wakes_the_relay(store: SqliteStore, clock: HandClock) -> None:
    queue = FakeQueue()
    subject = relay_of(store, queue, clock)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(subject.run(), name="relay")
        for expected in (1, 2):
            queue.arrived.clear()
            await publish(store, 1)
            subject.wake()
            await queue.arrived.wait()
            assert queue.sequences[-1] == expected
        running.cancel()


async def test_events_of_a_dead_process_are_sent_once_they_are_old(store: SqliteStore, clock: HandClock) -> None:
    queue = FakeQueue()
    await publish(store, 2)
    other = relay_of(store, queue, clock, producer="green")
    assert await other.relay_own() == 0
    assert await other.relay_orphans() == 0
    clock.ms += relay.ORPHAN_AGE_MS + 1
    assert await other.relay_orphans() == 2
    assert queue.sequences == [1, 2]


@given(st.lists(st.integers(min_value=2, max_value=250_000), max_size=60))
def test_a_call_never_takes_more_than_sqs_allows_and_always_makes_progress(sizes: list[int]) -> None:
    rows = [OutboxRow(str(number), b'"' + b"x" * (size - 2) + b'"') for number, size in enumerate(sizes)]
    messages = pack(rows)
    assert sum(len(message.body) for message in messages) <= 256 * 1024
    assert len(messages) <= relay.MESSAGES_PER_CALL_MAX
    places = [place for message in messages for place in message.places]
    assert places == [str(number) for number in range(len(places))]
    assert bool(places) == bool(rows)
