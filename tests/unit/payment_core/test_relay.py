"""The relay: every event at least once, only what was refused again, and never more than a call takes."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.facts import PackedEvents, PaymentCaptured
from payment_core import relay
from payment_core.counts import Counts
from payment_core.errors import QueueUnavailable
from payment_core.outbox import OutboxRow, count_unsent
from payment_core.relay import Relay, pack
from payment_core.store.batch import CoreBatch
from payment_core.store.store import Store


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
async def store(tmp_path: Path, clock: HandClock) -> AsyncIterator[Store]:
    opened = Store(path=tmp_path / "payments.db", producer="blue", clock=clock, on_commit=lambda *_: None)
    await opened.open()
    yield opened
    await opened.close()


def relay_of(store: Store, queue: FakeQueue, clock: HandClock, producer: str = "blue") -> Relay:
    return Relay(store=store, queue=queue, producer=producer, clock=clock, counts=Counts())


async def publish(store: Store, count: int) -> None:
    def work(batch: CoreBatch) -> None:
        for number in range(count):
            batch.publish(
                PaymentCaptured(id=f"e{number}", at_ms=batch.now_ms, subject="p", rail="card", amount_cents=1)
            )

    await store.write(work)


async def test_events_arrive_in_order_numbered_from_one_and_once(store: Store, clock: HandClock) -> None:
    queue = FakeQueue()
    await publish(store, 250)
    assert await relay_of(store, queue, clock).relay_own() == 250
    assert queue.sequences == list(range(1, 251))
    assert [len(message) for message in queue.sent] == [100, 100, 50]
    assert await relay_of(store, queue, clock).relay_own() == 0
    assert await store.read(count_unsent) == 0


async def test_only_what_was_refused_is_sent_again(store: Store, clock: HandClock) -> None:
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
    store: Store, clock: HandClock, monkeypatch: pytest.MonkeyPatch
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


async def test_a_commit_wakes_the_relay(store: Store, clock: HandClock) -> None:
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


async def test_events_of_a_dead_process_are_sent_once_they_are_old(store: Store, clock: HandClock) -> None:
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
    rows = [OutboxRow(number, b'"' + b"x" * (size - 2) + b'"') for number, size in enumerate(sizes)]
    messages = pack(rows)
    assert sum(len(message.body) for message in messages) <= 256 * 1024
    assert len(messages) <= relay.MESSAGES_PER_CALL_MAX
    sequences = [sequence for message in messages for sequence in message.sequences]
    assert sequences == list(range(len(sequences)))
    assert bool(sequences) == bool(rows)
