"""Facts are recorded once, durably, and come back after a restart."""

import asyncio
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.facts import Fact, Heartbeat, PaymentAttempted
from daemon.errors import CheckpointFailed
from daemon.storage import checkpoint as module
from daemon.storage.checkpoint import Checkpoint, Recorded, Restored, SourceTotals

HORIZON_MS = 60_000
NOW_MS = 1_795_459_572_000


def payment(sequence: int, at_ms: int = NOW_MS, prefix: str = "evt") -> PaymentAttempted:
    return PaymentAttempted(
        id=f"{prefix}_{sequence}",
        at_ms=at_ms,
        subject=f"pay_{sequence}",
        sequence=sequence,
        rail="card",
        outcome="succeeded",
        amount_cents=100,
    )


def beat(name: str, at_ms: int = NOW_MS) -> Heartbeat:
    return Heartbeat(id=name, at_ms=at_ms, subject="source")


async def opened(path: Path, now_ms: int = NOW_MS) -> tuple[Checkpoint, Restored]:
    checkpoint = await Checkpoint.open(path, HORIZON_MS)
    return checkpoint, await checkpoint.restore(now_ms)


def facts_of(restored: Restored) -> list[Fact]:
    return [fact for batch in restored.batches for fact in batch.facts]


async def test_new_facts_are_returned_in_order_and_restored_in_order(tmp_path: Path) -> None:
    checkpoint, restored = await opened(tmp_path / "c.db")
    assert restored.batches == ()
    assert (await checkpoint.record([payment(1), beat("b")], "queue", NOW_MS)).facts == [payment(1), beat("b")]
    assert (await checkpoint.record([payment(2)], "ingest", NOW_MS + 5)).facts == [payment(2)]
    await checkpoint.close()

    again, restored = await opened(tmp_path / "c.db", NOW_MS + 10)
    assert facts_of(restored) == [payment(1), beat("b"), payment(2)]
    assert [(batch.source, batch.arrived_at_ms) for batch in restored.batches] == [
        ("queue", NOW_MS),
        ("ingest", NOW_MS + 5),
    ]
    assert again.totals().by_source == {"queue": SourceTotals(2, 0), "ingest": SourceTotals(1, 0)}
    await again.close()


async def test_a_fact_is_new_once_within_a_call_between_calls_and_after_a_restart(tmp_path: Path) -> None:
    checkpoint, _ = await opened(tmp_path / "c.db")
    assert (await checkpoint.record([payment(1), payment(1)], "queue", NOW_MS)).facts == [payment(1)]
    assert (await checkpoint.record([payment(1), payment(2)], "queue", NOW_MS)).facts == [payment(2)]
    assert (await checkpoint.record([payment(2)], "backfill", NOW_MS)).facts == []
    await checkpoint.close()

    again, _ = await opened(tmp_path / "c.db")
    assert (await again.record([payment(1), payment(2), payment(3)], "queue", NOW_MS)).facts == [payment(3)]
    assert again.totals().by_source == {"queue": SourceTotals(3, 4), "backfill": SourceTotals(0, 1)}
    assert (again.totals().consumed, again.totals().duplicates) == (3, 5)
    await again.close()


async def test_an_empty_call_changes_nothing(tmp_path: Path) -> None:
    checkpoint, _ = await opened(tmp_path / "c.db")
    assert (await checkpoint.record([], "queue", NOW_MS)).facts == []
    await checkpoint.close()
    again, restored = await opened(tmp_path / "c.db")
    assert restored.batches == ()
    await again.close()


async def test_calls_that_wait_together_share_commits_and_each_gets_its_own_facts(tmp_path: Path) -> None:
    checkpoint, _ = await opened(tmp_path / "c.db")
    commits = 0
    commit = checkpoint._commit

    def counted(group: list[module._Waiting]) -> list[Recorded]:
        nonlocal commits
        commits += 1
        return commit(group)

    checkpoint._commit = counted  # type: ignore[method-assign]  # the count is what the test is about
    answers = await asyncio.gather(
        *(checkpoint.record([payment(n), payment(1)], f"q{n % 3}", NOW_MS) for n in range(1, 51))
    )
    assert commits == 2
    assert [fact for answer in answers for fact in answer.facts] == [payment(n) for n in range(1, 51)]
    assert checkpoint.totals().duplicates == 50
    await checkpoint.close()


async def test_a_failed_commit_fails_its_calls_and_remembers_nothing(tmp_path: Path) -> None:
    checkpoint, _ = await opened(tmp_path / "c.db")
    other = sqlite3.connect(tmp_path / "c.db", isolation_level=None)
    await checkpoint._file.run(lambda: checkpoint._file.database.execute("PRAGMA busy_timeout=0"))
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(CheckpointFailed, match="locked"):
        await checkpoint.record([payment(1)], "queue", NOW_MS)
    other.execute("ROLLBACK")
    assert (await checkpoint.record([payment(1)], "queue", NOW_MS)).facts == [payment(1)]
    assert checkpoint.totals().by_source == {"queue": SourceTotals(1, 0)}
    other.close()
    await checkpoint.close()


async def test_facts_beyond_the_horizon_are_forgotten_but_their_place_in_the_outbox_is_not(tmp_path: Path) -> None:
    checkpoint, _ = await opened(tmp_path / "c.db")
    await checkpoint.record([payment(1), payment(2)], "queue", NOW_MS)
    later = NOW_MS + HORIZON_MS + 1
    await checkpoint.record([payment(3, later)], "queue", later)
    assert await checkpoint.prune(later) == 2
    assert (await checkpoint.record([payment(1), payment(3, later)], "queue", later)).facts == []
    await checkpoint.close()

    again, restored = await opened(tmp_path / "c.db", later)
    assert facts_of(restored) == [payment(3, later)]
    assert (await again.record([payment(2)], "queue", later)).facts == []
    assert again.totals().consumed == 3
    await again.close()


async def test_an_outbox_that_began_anew_is_counted(tmp_path: Path) -> None:
    checkpoint, _ = await opened(tmp_path / "c.db")
    await checkpoint.record([payment(1), payment(2)], "queue", NOW_MS)
    later = NOW_MS + 10 * HORIZON_MS
    await checkpoint.prune(later)
    anew = [payment(1, later, "new"), payment(2, later, "new")]
    assert (await checkpoint.record(anew, "queue", later)).facts == anew
    await checkpoint.close()


async def test_an_event_outside_an_outbox_is_a_duplicate_a_day_later(tmp_path: Path) -> None:
    checkpoint, _ = await opened(tmp_path / "c.db")
    await checkpoint.record([beat("alarm")], "control", NOW_MS)
    await checkpoint.close()
    day_later = NOW_MS + 24 * 3_600_000
    again, restored = await opened(tmp_path / "c.db", day_later)
    assert restored.batches == ()
    assert (await again.record([beat("alarm")], "control", day_later)).facts == []
    await again.prune(NOW_MS + module.CONTROL_HORIZON_MS + 1)
    assert (await again.record([beat("alarm")], "control", day_later)).facts == [beat("alarm")]
    await again.close()


async def test_memory_is_bounded_by_number_as_well_as_by_age(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_REMEMBERED", 10)
    monkeypatch.setattr(module, "MAX_CONTROL_IDS", 4)
    checkpoint, _ = await opened(tmp_path / "c.db")
    for n in range(1, 31):
        await checkpoint.record([payment(n, NOW_MS + n), beat(f"b{n}", NOW_MS + n)], "queue", NOW_MS + n)
    await checkpoint.prune(NOW_MS + 31)
    assert len(checkpoint._seen) == 10
    assert checkpoint._file.database.execute("SELECT count(*) FROM control_ids").fetchone() == (4,)
    assert (await checkpoint.record([payment(1, NOW_MS + 1)], "queue", NOW_MS + 32)).facts == []
    await checkpoint.close()


async def test_gaps_of_the_outbox_survive_a_restart_and_can_be_skipped(tmp_path: Path) -> None:
    checkpoint, _ = await opened(tmp_path / "c.db")
    await checkpoint.record([payment(1), payment(2), payment(5), payment(9)], "queue", NOW_MS)
    await checkpoint.close()
    again, _ = await opened(tmp_path / "c.db")
    received = again.received("us-east-1")
    assert (received.watermark, received.highest, list(received.gaps())) == (2, 9, [(3, 4), (6, 8)])
    await again.skip("us-east-1", 3, 4)
    assert again.received("us-east-1").watermark == 5
    await again.record([payment(6), payment(7), payment(8)], "backfill", NOW_MS)
    assert again.received("us-east-1").watermark == 9
    assert again.received("eu-west-1").watermark == 0
    await again.close()
    last, _ = await opened(tmp_path / "c.db")
    assert last.received("us-east-1").stretches() == [(1, 9)]
    await last.close()


async def test_a_cancelled_call_does_not_disturb_the_others(tmp_path: Path) -> None:
    checkpoint, _ = await opened(tmp_path / "c.db")
    both_wait = asyncio.Barrier(3)

    async def record(number: int) -> list[Fact]:
        await both_wait.wait()
        return (await checkpoint.record([payment(number)], "queue", NOW_MS)).facts

    async with asyncio.TaskGroup() as group:
        first = group.create_task(record(1), name="first")
        second = group.create_task(record(2), name="second")
        await both_wait.wait()
        first.cancel()
    assert second.result() == [payment(2)]
    await checkpoint.close()


async def test_a_file_that_is_no_checkpoint_is_refused(tmp_path: Path) -> None:
    (tmp_path / "c.db").write_text("not a database, and long enough to be looked at as one" * 20)
    with pytest.raises(CheckpointFailed, match=r"c\.db"):
        await Checkpoint.open(tmp_path / "c.db", HORIZON_MS)


Deliveries = st.lists(st.lists(st.integers(1, 12), max_size=4), max_size=12)


@given(deliveries=Deliveries, restarts=st.sets(st.integers(0, 11)))
@settings(max_examples=25, deadline=None)
async def test_any_deliveries_with_any_restarts_are_counted_once(
    deliveries: Sequence[Sequence[int]], restarts: set[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("checkpoint") / "c.db"
    checkpoint, _ = await opened(path)
    returned: list[Fact] = []
    for number, delivery in enumerate(deliveries):
        returned += (await checkpoint.record([payment(n) for n in delivery], "queue", NOW_MS)).facts
        if number in restarts:
            await checkpoint.close()
            checkpoint, restored = await opened(path)
            assert facts_of(restored) == returned
    wanted = {n for delivery in deliveries for n in delivery}
    assert sorted(fact.sequence for fact in returned) == sorted(wanted)
    assert checkpoint.totals().consumed == len(wanted)
    assert checkpoint.totals().duplicates == sum(map(len, deliveries)) - len(wanted)
    missing = sum(last - first + 1 for first, last in checkpoint.received("us-east-1").gaps())
    assert missing == max(wanted, default=0) - len(wanted)
    await checkpoint.close()
