"""The bill becomes facts: each day once, a correction once more, and nothing is paid for twice."""

from collections.abc import AsyncIterator
from pathlib import Path
from unittest.mock import Mock

import pytest

from checks.facts import CostLine
from config.costs import CostSettings
from daemon.costs import rows
from daemon.costs.book import CostBook
from daemon.costs.source import ASKED_COSTS, BillSource, day_ms
from daemon.errors import AwsFailed, CheckpointFailed, NotUsable
from tests.unit.daemon.costs.bills import (
    ACCOUNT,
    FakeCosts,
    FakePlace,
    FakeQuarantine,
    export,
    line,
    row,
)
from tests.unit.daemon.sources.fakes import FakeClock, FakeSink

CENT = 1_000_000
NOW_MS = day_ms("2026-11-10") + 3_600_000
HOUR_MS = 3_600_000


class World:
    """A source over fakes."""

    def __init__(self, book: CostBook) -> None:
        self.book = book
        self.sink, self.quarantine, self.clock = FakeSink(), FakeQuarantine(), FakeClock()
        self.clock.now = NOW_MS
        self.costs, self.place = FakeCosts(), FakePlace()

    def source(self, *, ask: bool = False, expected: dict[str, int] | None = None) -> BillSource:
        """As a process that starts on this book has it."""
        return BillSource(
            self.book,
            CostSettings(expected_daily_cents={} if expected is None else expected),
            self.sink,
            self.quarantine,
            self.clock,
            costs=self.costs if ask else None,
            place=None if ask else self.place,
            region="us-east-1",
            account_id=ACCOUNT,
        )

    @property
    def told(self) -> list[tuple[str, int, int]]:
        """Service, amount and event time of every fact."""
        facts = [fact for call in self.sink.calls for fact in call[0]]
        return [(fact.subject, fact.amount_microcents, fact.at_ms) for fact in facts if isinstance(fact, CostLine)]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    book = await CostBook.open(tmp_path / "costs.db")
    yield World(book)
    await book.close()


async def test_a_complete_day_is_one_fact_for_each_service_stamped_with_its_end(world: World) -> None:
    world.place.contents["nov.csv"] = (export([row("1"), row("2"), row("5", service="Amazon SQS")]), 1)
    assert await world.source(expected={"Amazon SQS": 400}).look()
    end_ms = day_ms("2026-11-04")
    assert world.told == [("Amazon DynamoDB", 300 * CENT, end_ms), ("Amazon SQS", 500 * CENT, end_ms)]
    fact = world.sink.calls[0][0][1]
    assert isinstance(fact, CostLine)
    assert (fact.source, fact.expected_microcents, fact.account_id) == ("export", 400 * CENT, ACCOUNT)


async def test_the_same_delivery_is_told_once_over_restarts(world: World) -> None:
    world.place.contents["nov.csv"] = (export([row("1")]), 1)
    await world.source().look()
    await world.source().look()
    assert len(world.sink.calls) == 1
    assert world.place.reads == ["nov.csv"]


async def test_a_late_correction_is_told_as_another_fact_of_the_same_day_and_one_back_again_too(world: World) -> None:
    for changed_ms, cost in enumerate(("1", "2", "1")):
        world.place.contents["nov.csv"] = (export([row(cost)]), changed_ms)
        await world.source().look()
    assert [amount for _, amount, _ in world.told] == [100 * CENT, 200 * CENT, 100 * CENT]
    assert len(set(world.sink.ids)) == 3


async def test_a_service_that_a_correction_removed_costs_nothing_and_is_told_so(world: World) -> None:
    world.place.contents["nov.csv"] = (export([row("1"), row("4", service="Amazon SQS")]), 1)
    await world.source().look()
    world.place.contents["nov.csv"] = (export([row("1")]), 2)
    await world.source().look()
    assert world.told[-1][:2] == ("Amazon SQS", 0)
    assert sum(one.amount_microcents for one in await world.book.days("2026-11-01", "2026-12-01")) == 100 * CENT


async def test_of_two_files_with_one_billing_period_the_later_one_is_the_bill(world: World) -> None:
    world.place.contents = {"b.csv": (export([row("2")]), 20), "a.csv": (export([row("1")]), 10)}
    await world.source().look()
    world.place.contents["old.csv"] = (export([row("9")]), 5)
    await world.source().look()
    assert [one.amount_microcents for one in await world.book.days("2026-11-01", "2026-12-01")] == [200 * CENT]


async def test_the_chunks_below_a_billing_period_are_one_bill_and_only_the_newest_execution_counts(
    world: World,
) -> None:
    base = "data/BILLING_PERIOD=2026-11"
    world.place.contents = {
        f"{base}/2026-11-08/x-00001.csv": (export([row("50")]), 1),
        f"{base}/2026-11-09/x-00001.csv": (export([row("1")]), 2),
        f"{base}/2026-11-09/x-00002.csv": (export([row("2")]), 2),
        f"{base}/2026-11-09/Manifest.json": (b"{}", 3),
    }
    await world.source().look()
    assert world.told[0][1] == 300 * CENT


async def test_bad_rows_are_put_aside_once_with_file_and_line_and_counted(world: World) -> None:
    world.place.contents["nov.csv"] = (export([row("1"), row("oops")]), 1)
    await world.source().look()
    await world.source().look()
    assert [what for what, _ in world.quarantine.put_aside] == ["nov.csv:3: BilledCost is no number: 'oops'."]
    assert "oops" in world.quarantine.put_aside[0][1]
    assert await world.book.bad_rows("2026-11-01") == 1


async def test_a_file_that_is_no_export_is_put_aside_once_and_the_former_bill_stays(world: World) -> None:
    world.place.contents["nov.csv"] = (export([row("1")]), 1)
    await world.source().look()
    world.place.contents["nov.csv"] = (b"<html>", 2)
    await world.source().look()
    await world.source().look()
    assert [what for what, _ in world.quarantine.put_aside] == [
        "nov.csv: line 1: there is no column BilledCost; this is no FOCUS 1.0 export."
    ]
    assert len(await world.book.days("2026-11-01", "2026-12-01")) == 1


async def test_a_damaged_file_of_parquet_is_put_aside_and_does_not_look_like_a_bill_of_nothing(world: World) -> None:
    world.place.contents["nov.snappy.parquet"] = (b"PAR1...", 1)
    await world.source().look()
    assert [what.split(": ")[:2] for what, _ in world.quarantine.put_aside] == [
        ["nov.snappy.parquet", "the file cannot be read to its end"]
    ]


async def test_parquet_without_its_reader_holds_up_no_other_file_and_is_tried_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "need_parquet", Mock(side_effect=NotUsable("Reading Parquet needs the extra.")))
    world.place.contents = {"a.parquet": (b"PAR1...", 1), "b.csv": (export([row("1")]), 2)}
    assert not await world.source().look()
    assert not await world.source().look()
    assert [amount for _, amount, _ in world.told] == [100 * CENT]
    assert world.place.reads == ["a.parquet", "b.csv", "a.parquet"]
    assert world.quarantine.put_aside == []


async def test_cost_explorer_is_asked_once_an_interval_also_after_a_restart(world: World) -> None:
    world.costs.lines = [line("2026-11-08", 7 * CENT), line("2026-11-09", 3 * CENT)]
    world.costs.expected = 90 * CENT
    await world.source(ask=True).look()
    await world.source(ask=True).look()
    assert world.costs.windows == [("2026-10-06", "2026-11-10"), ("2026-11-10", "2026-12-01")]
    assert world.told == [("Amazon SQS", 7 * CENT, day_ms("2026-11-09"))]
    forecast = await world.book.forecast("2026-11")
    assert forecast is not None
    assert forecast.amount_microcents == 90 * CENT
    world.clock.now += 8 * HOUR_MS
    await world.source(ask=True).look()
    assert (await world.book.asked(ASKED_COSTS)).calls == 2


async def test_a_day_of_an_export_is_not_added_to_the_same_day_of_cost_explorer(world: World) -> None:
    world.costs.lines = [line("2026-11-03", 5 * CENT), line("2026-11-04", 6 * CENT)]
    await world.source(ask=True).look()
    world.place.contents["nov.csv"] = (export([row("1")]), 1)
    await world.source().look()
    found = await world.book.days("2026-11-01", "2026-12-01")
    assert [(one.day, one.origin) for one in found] == [("2026-11-03", "export"), ("2026-11-04", "cost_explorer")]


async def test_facts_that_were_not_taken_over_are_told_again_under_the_same_id(world: World) -> None:
    world.sink.faults.append(CheckpointFailed("disk"))
    world.place.contents["nov.csv"] = (export([row("1")]), 1)
    source = world.source()
    assert not await source.look()
    assert source.heard_at_ms == 0
    assert await source.look()
    assert len(world.told) == 1


async def test_when_aws_does_not_answer_nothing_is_known_and_nothing_is_zero(world: World) -> None:
    world.costs.fault = AwsFailed("no")
    source = world.source(ask=True)
    assert not await source.look()
    assert await world.book.days("2026-01-01", "2027-01-01") == []
    assert (await world.book.asked(ASKED_COSTS)).at_ms == 0


async def test_days_of_last_year_go_into_the_book_and_are_not_told(world: World) -> None:
    world.place.contents["march.csv"] = (export([row("1", day="2026-03-01", period="2026-03-01")]), 1)
    await world.source().look()
    assert world.told == []
    assert len(await world.book.days("2026-03-01", "2026-03-02")) == 1
