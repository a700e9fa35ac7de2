"""What the daemon saw is kept in a file, also for the daemon after it; a broken file is no sighting."""

import os
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from checks.facts import CostLine, Fact, Heartbeat, PaymentCaptured
from daemon.clock import SystemClock
from daemon.senses.sightings import (
    FILE,
    HEART,
    SeeingSink,
    Sightings,
    outliving_sightings,
    read_sightings,
    write_sightings,
)

NOW_MS = 1_795_459_572_000


def beat(subject: str = HEART, at_ms: int = NOW_MS - 40) -> Heartbeat:
    return Heartbeat(id=f"b{at_ms}", at_ms=at_ms, subject=subject)


def captured(baseline: int) -> PaymentCaptured:
    return PaymentCaptured(
        id="c", at_ms=NOW_MS - 7, subject="cap_1", rail="card", amount_cents=100, baseline_microcents=baseline
    )


def test_only_what_comes_rarely_or_goes_round_is_noted() -> None:
    seen = Sightings()
    line = CostLine(id="l", at_ms=NOW_MS - 9, subject="s3", source="cost_explorer", amount_microcents=1)
    seen.note([beat(), beat("terminal-7", NOW_MS), line, captured(0)], NOW_MS)
    assert (seen.beat_back_at_ms, seen.beat_trip_ms, seen.costs) == (NOW_MS, 40, {"cost_explorer": NOW_MS - 9})
    seen.note([captured(1)], NOW_MS)
    assert seen.costs["measured"] == NOW_MS - 7


def test_what_is_older_changes_nothing() -> None:
    seen = Sightings()
    seen.note_queues({"payment-events": NOW_MS})
    seen.note_queues({"payment-events": NOW_MS - 5, "control-events": 3})
    assert seen.caught_up == {"payment-events": NOW_MS, "control-events": 3}
    seen.note([beat()], NOW_MS)
    seen.note([beat()], NOW_MS - 1_000)
    assert seen.beat_back_at_ms == NOW_MS


async def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    seen = Sightings(beat_back_at_ms=1, costs={"budget": 2}, caught_up={"payment-events": 3})
    await write_sightings(tmp_path, seen)
    assert await read_sightings(tmp_path) == seen
    assert os.listdir(tmp_path) == [FILE]  # noqa: PTH208  # nothing is left of the draft


async def test_a_daemon_that_starts_knows_the_costs_of_the_one_before_and_not_its_heart(tmp_path: Path) -> None:
    await write_sightings(tmp_path, Sightings(beat_back_at_ms=1, costs={"budget": 2}, caught_up={"control-events": 3}))
    assert await outliving_sightings(tmp_path) == Sightings(costs={"budget": 2})


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"beat_back_at_ms":"x"}', b"\xff"])
async def test_a_file_that_is_broken_or_missing_says_nothing(tmp_path: Path, content: bytes) -> None:
    assert await read_sightings(tmp_path) == Sightings()
    (tmp_path / FILE).write_bytes(content)
    assert await read_sightings(tmp_path) == Sightings()


async def test_a_folder_that_takes_nothing_ends_nothing(tmp_path: Path) -> None:
    await write_sightings(tmp_path / "nowhere", Sightings())


class Taking:
    """Takes facts, or refuses them."""

    def __init__(self, fault: Exception | None = None) -> None:
        self._fault = fault
        self.taken: list[Fact] = []

    async def accept(self, facts: Sequence[Fact], source: str) -> None:
        """See Sink."""
        assert source == "control-events"
        if self._fault is not None:
            raise self._fault
        self.taken += facts


async def test_a_fact_is_noted_once_it_was_taken_over_and_not_before() -> None:
    seen, sink = Sightings(), Taking()
    await SeeingSink(sink, seen, SystemClock()).accept([beat()], "control-events")
    assert (len(sink.taken), seen.beat_back_at_ms > 0) == (1, True)
    untouched = Sightings()
    with pytest.raises(OSError, match="full"):
        await SeeingSink(Taking(OSError("full")), untouched, SystemClock()).accept([beat()], "control-events")
    assert untouched == Sightings()


def test_the_file_has_no_field_that_is_not_documented() -> None:
    assert set(msgspec.structs.asdict(Sightings())) == {
        "beat_sent_at_ms",
        "beat_back_at_ms",
        "beat_trip_ms",
        "costs",
        "caught_up",
    }
