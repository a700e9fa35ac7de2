"""The queue source deletes what is safe, keeps what is not, and goes on."""

import asyncio
from pathlib import Path
from random import Random

import msgspec
import pytest
from structlog.testing import capture_logs

from daemon.errors import AwsFailed, QuarantineFailed, QueueGone
from daemon.sources.sqs import FIRST_BACKOFF_SECONDS, LONGEST_BACKOFF_SECONDS, Message, SqsSource
from daemon.sources.trust import Trust
from daemon.storage.quarantine import Quarantine
from tests.unit.daemon.sources.fakes import NOW_MS, FakeClock, FakeQueue, FakeSink

EVENTS = Path(__file__).parents[3] / "data" / "events"


def beats(*names: str) -> str:
    events = [{"kind": "heartbeat", "id": name, "at_ms": NOW_MS, "subject": "s"} for name in names]
    return msgspec.json.encode({"schema": "tillwatch.events.v1", "events": events}).decode()


def message(number: int, body: str) -> Message:
    return Message(receipt=f"r{number}", body=body)


def source(queue: FakeQueue, sink: FakeSink, quarantine: Quarantine, clock: FakeClock) -> SqsSource:
    seeded = Random(7)  # noqa: S311  # jitter is no secret
    return SqsSource(queue, sink, quarantine, clock, name="payments", receivers=1, random=seeded)


async def run_until_drained(made: SqsSource, queue: FakeQueue) -> None:
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        running = group.create_task(made.run(), name="source")
        await queue.drained.wait()
        running.cancel()


async def test_all_facts_of_a_receive_are_handed_over_in_one_call_and_then_deleted(
    quarantine: Quarantine, clock: FakeClock
) -> None:
    queue, sink = FakeQueue([message(1, beats("a", "b")), message(2, beats("c"))]), FakeSink()
    made = source(queue, sink, quarantine, clock)
    await run_until_drained(made, queue)
    assert [([fact.id for fact in facts], name) for facts, name in sink.calls] == [(["a", "b", "c"], "payments")]
    assert queue.deleted == ["r1", "r2"]
    assert (made.heard_at_ms, clock.slept, await quarantine.entries()) == (NOW_MS, [], [])


async def test_messages_stay_when_their_facts_were_not_taken_over(quarantine: Quarantine, clock: FakeClock) -> None:
    queue = FakeQueue([message(1, beats("a"))], [message(1, beats("a"))])
    sink = FakeSink(RuntimeError("disk full"))
    made = source(queue, sink, quarantine, clock)
    await run_until_drained(made, queue)
    assert sink.ids == ["a"]
    assert queue.deleted == ["r1"]
    assert len(clock.slept) == 1


@pytest.mark.parametrize(
    "poison",
    ["", "{", "not json", beats("x", "y")[:-20], "[" * 200_000, "x" * 1_048_577, '{"schema":"other"}', "\x00"],
)
async def test_a_poison_message_is_quarantined_and_the_rest_flows(
    poison: str, quarantine: Quarantine, clock: FakeClock
) -> None:
    queue = FakeQueue([message(1, beats("a")), message(2, poison), message(3, beats("b"))])
    sink = FakeSink()
    made = source(queue, sink, quarantine, clock)
    await run_until_drained(made, queue)
    assert sink.ids == ["a", "b"]
    assert queue.deleted == ["r1", "r2", "r3"]
    (entry,) = await quarantine.entries()
    assert entry.source == "payments"
    assert entry.what
    assert entry.size_bytes == len(poison)


async def test_a_poison_message_stays_when_it_cannot_be_put_aside(clock: FakeClock, tmp_path: Path) -> None:
    broken = await Quarantine.open(tmp_path / "q.db")
    await broken._file.run(lambda: broken._file.database.execute("DROP TABLE quarantined"))
    queue, sink = FakeQueue([message(1, "{"), message(2, beats("a"))]), FakeSink()
    made = source(queue, sink, broken, clock)
    with capture_logs() as logs:
        await run_until_drained(made, queue)
    assert queue.deleted == []
    assert sink.calls == []
    assert QuarantineFailed.__doc__ is not None
    assert any(QuarantineFailed.__doc__ in line.get("error", "") for line in logs)


async def test_one_bad_event_of_a_packed_message_is_quarantined_alone(quarantine: Quarantine, clock: FakeClock) -> None:
    body = beats("a", "b").replace('"kind":"heartbeat","id":"a"', '"kind":"from.tomorrow","id":"a"')
    queue, sink = FakeQueue([message(1, body)]), FakeSink()
    await run_until_drained(source(queue, sink, quarantine, clock), queue)
    assert sink.ids == ["b"]
    assert queue.deleted == ["r1"]
    (entry,) = await quarantine.entries()
    assert "from.tomorrow" in entry.body
    assert "from.tomorrow" in entry.what


async def test_an_event_of_another_account_is_quarantined(quarantine: Quarantine, clock: FakeClock) -> None:
    queue, sink = FakeQueue([message(1, (EVENTS / "cloudwatch_alarm.json").read_text())]), FakeSink()
    made = SqsSource(queue, sink, quarantine, clock, name="control", trust=Trust("999999999999"), receivers=1)
    await run_until_drained(made, queue)
    assert sink.calls == []
    (entry,) = await quarantine.entries()
    assert "which is not ours" in entry.what


async def test_a_sound_message_about_something_else_is_deleted_and_counted(
    quarantine: Quarantine, clock: FakeClock
) -> None:
    body = (EVENTS / "cloudwatch_alarm.json").read_text().replace("CloudWatch Alarm State Change", "Something Else")
    queue, sink = FakeQueue([message(1, body)]), FakeSink()
    made = source(queue, sink, quarantine, clock)
    await run_until_drained(made, queue)
    assert queue.deleted == ["r1"]
    assert await quarantine.entries() == []


async def test_what_could_not_be_deleted_is_tried_again_and_then_left(quarantine: Quarantine, clock: FakeClock) -> None:
    queue, sink = FakeQueue([message(1, beats("a")), message(2, beats("b"))]), FakeSink()
    queue.delete_answers = [["r2"], AwsFailed("slow down"), ["r2"]]
    made = source(queue, sink, quarantine, clock)
    await run_until_drained(made, queue)
    assert queue.deleted == ["r1"]
    assert len(clock.slept) == 2
    assert sink.ids == ["a", "b"]


@pytest.mark.parametrize("fault", [QueueGone("till-payment-events"), AwsFailed("throttled"), OSError("odd")])
async def test_a_failing_queue_is_asked_again_ever_more_slowly(
    fault: Exception, quarantine: Quarantine, clock: FakeClock
) -> None:
    queue, sink = FakeQueue(*[fault] * 40, [message(1, beats("a"))]), FakeSink()
    made = source(queue, sink, quarantine, clock)
    await run_until_drained(made, queue)
    assert sink.ids == ["a"]
    assert len(clock.slept) == 40
    assert all(FIRST_BACKOFF_SECONDS / 2 <= slept <= LONGEST_BACKOFF_SECONDS for slept in clock.slept)
    assert sum(clock.slept[-20:]) > 20 * LONGEST_BACKOFF_SECONDS / 4
    assert len(set(clock.slept)) > 30


async def test_a_success_makes_the_next_failure_the_first_one(quarantine: Quarantine, clock: FakeClock) -> None:
    queue = FakeQueue(*[AwsFailed("x")] * 9, [], AwsFailed("x"), [])
    await run_until_drained(source(queue, FakeSink(), quarantine, clock), queue)
    assert clock.slept[-1] <= 2 * FIRST_BACKOFF_SECONDS


@pytest.mark.parametrize(
    ("sent", "caught_up"),
    [
        ([], NOW_MS),
        ([NOW_MS - 5_000, NOW_MS - 3_000], NOW_MS - 5_000),
        ([0], 0),
    ],
)
async def test_a_receive_tells_up_to_when_nothing_waits_any_more(
    quarantine: Quarantine, clock: FakeClock, sent: list[int], caught_up: int
) -> None:
    messages = [
        Message(receipt=f"r{number}", body=beats(f"a{number}"), sent_at_ms=at_ms) for number, at_ms in enumerate(sent)
    ]
    made = source(FakeQueue(messages), FakeSink(), quarantine, clock)
    assert made.caught_up_at_ms == 0
    await made.receive_once()
    assert made.caught_up_at_ms == caught_up


async def test_a_message_that_comes_again_does_not_turn_back_how_far_a_queue_was_read(
    quarantine: Quarantine, clock: FakeClock
) -> None:
    again = Message(receipt="r", body=beats("a"), sent_at_ms=NOW_MS - 60_000)
    made = source(FakeQueue([], [again]), FakeSink(), quarantine, clock)
    await made.receive_once()
    await made.receive_once()
    assert made.caught_up_at_ms == NOW_MS
