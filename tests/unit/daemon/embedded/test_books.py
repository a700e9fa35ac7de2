"""Published and consumed events are held against each other position by position."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from checks.facts import Heartbeat
from daemon.checkpoint import Checkpoint
from daemon.embedded.books import captured_by_rail, count_events
from daemon.embedded.savings import RailVolume

REGION = "us-east-1"


@pytest.fixture
def payments(tmp_path: Path) -> Path:
    path = tmp_path / "payments.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE outbox (sequence INTEGER PRIMARY KEY, body BLOB)")
        connection.executemany("INSERT INTO outbox VALUES (?, '')", [(number,) for number in range(1, 11)])
        connection.execute("CREATE TABLE payments (rail TEXT, captured_cents INTEGER)")
        connection.executemany(
            "INSERT INTO payments VALUES (?, ?)", [("card", 500), ("card", 700), ("card", 0), ("ach", 9)]
        )
        connection.commit()
    return path


async def _consume(path: Path, *sequences: int) -> None:
    checkpoint = await Checkpoint.open(path, 60_000)
    await checkpoint.restore(0)
    facts = [Heartbeat(id=f"f{number}", at_ms=1, subject="relay", sequence=number) for number in sequences]
    await checkpoint.record(facts, "queue", 1)
    await checkpoint.close()


async def test_what_the_checkpoint_does_not_hold_is_lost_wherever_the_gap_is(payments: Path, tmp_path: Path) -> None:
    checkpoint = tmp_path / "checkpoint.db"
    await _consume(checkpoint, 2, 3, 6, 7, 8)
    counts = count_events(payments, checkpoint, REGION)
    assert (counts.published, counts.consumed, counts.lost) == (10, 5, 5)


async def test_nothing_is_lost_when_every_position_has_arrived(payments: Path, tmp_path: Path) -> None:
    checkpoint = tmp_path / "checkpoint.db"
    await _consume(checkpoint, *range(1, 11))
    counts = count_events(payments, checkpoint, REGION)
    assert (counts.published, counts.consumed, counts.lost) == (10, 10, 0)


async def test_an_event_that_comes_twice_is_consumed_once_and_counted_as_a_duplicate(
    payments: Path, tmp_path: Path
) -> None:
    checkpoint = tmp_path / "checkpoint.db"
    await _consume(checkpoint, 1, 1, 2)
    counts = count_events(payments, checkpoint, REGION)
    assert (counts.consumed, counts.duplicates) == (2, 1)


def test_without_a_checkpoint_everything_published_is_lost(payments: Path, tmp_path: Path) -> None:
    counts = count_events(payments, tmp_path / "none.db", REGION)
    assert (counts.published, counts.consumed, counts.lost) == (10, 0, 10)


def test_before_the_first_payment_nothing_is_published_and_nothing_lost(tmp_path: Path) -> None:
    counts = count_events(tmp_path / "none.db", tmp_path / "neither.db", REGION)
    assert counts.published == counts.lost == 0
    assert captured_by_rail(tmp_path / "none.db") == ()


def test_only_captured_payments_make_volume(payments: Path) -> None:
    assert set(captured_by_rail(payments)) == {RailVolume("card", 2, 1_200), RailVolume("ach", 1, 9)}
