"""Ticks: a missed slot is one tick, and each has its own."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from config.reports import moment_from
from daemon.reports.slots import slots_between
from daemon.schedule import Ticks, cron_of


@pytest.fixture
async def ticks() -> AsyncIterator[Ticks]:
    made = Ticks()
    yield made
    made.stop()


async def _run(body: Callable[[], Awaitable[None]]) -> None:
    await body()


async def test_slots_that_came_while_the_duty_was_busy_are_one_tick(ticks: Ticks) -> None:
    ticks.every("rules", 3_600)
    acted = asyncio.Queue[None]()
    busy = asyncio.Event()

    async def act() -> None:
        acted.put_nowait(None)
        await busy.wait()

    async with asyncio.TaskGroup() as group:
        duty = group.create_task(_run(ticks.loop("rules", act)), name="rules")
        ticks.now("rules")
        await acted.get()
        for _ in range(5):
            ticks.now("rules")
        busy.set()
        await acted.get()
        for _ in range(10):
            await asyncio.sleep(0)
        assert acted.empty()
        duty.cancel()


async def test_each_name_has_its_own_tick(ticks: Ticks) -> None:
    ticks.every("one", 3_600)
    ticks.every("two", 3_600)
    async with asyncio.TaskGroup() as group:
        waiting = {name: group.create_task(ticks.wait(name), name=name) for name in ("one", "two")}
        ticks.now("two")
        await waiting["two"]
        assert not waiting["one"].done()
        ticks.now("one")


async def test_the_clock_makes_a_tick_due(ticks: Ticks) -> None:
    ticks.every("quick", 0.01)
    ticks.start()
    async with asyncio.timeout(10):
        for _ in range(3):
            await ticks.wait("quick")


async def test_how_a_duty_stands_is_told_with_when_it_ran_and_when_it_is_due(ticks: Ticks) -> None:
    ticks.every("rules", 3_600)
    begun, end = asyncio.Event(), asyncio.Event()

    async def act() -> None:
        begun.set()
        await end.wait()

    (never,) = ticks.standings()
    assert (never.name, never.every_seconds, never.began_at_ms, never.runs, never.next_at_ms) == (
        "rules",
        3_600,
        0,
        0,
        0,
    )
    ticks.start()
    async with asyncio.TaskGroup() as group:
        duty = group.create_task(_run(ticks.loop("rules", act)), name="rules")
        ticks.now("rules")
        await begun.wait()
        (running,) = ticks.standings()
        assert running.running
        assert running.next_at_ms > running.began_at_ms
        end.set()
        for _ in range(3):
            await asyncio.sleep(0)
        (ran,) = ticks.standings()
        duty.cancel()
    assert (ran.running, ran.runs, ran.ended_at_ms >= ran.began_at_ms > 0) == (False, 1, True)


async def test_a_duty_that_fails_ends_its_task(ticks: Ticks) -> None:
    ticks.every("rules", 3_600)

    async def act() -> None:
        raise ValueError("broken")

    ticks.now("rules")
    with pytest.raises(ValueError, match="broken"):
        await ticks.loop("rules", act)()


def test_stopping_what_never_started_is_no_fault() -> None:
    Ticks().stop()


@pytest.mark.parametrize("text", ["07:00", "monday 08:00", "sunday 23:59", "1 09:00"])
def test_the_clock_ticks_at_the_slots_of_a_year_with_both_changes_of_the_clocks(text: str) -> None:
    zone, moment = ZoneInfo("America/New_York"), moment_from(text)
    begin, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
    trigger, ticked, now = cron_of(moment, zone), list[int](), begin
    while (tick := trigger.get_next_fire_time(None, now)) is not None and tick <= end:
        ticked.append(round(tick.timestamp() * 1000))
        now = tick + timedelta(seconds=1)
    assert ticked == slots_between(moment, zone, round(begin.timestamp() * 1000) - 1, round(end.timestamp() * 1000))


def test_a_moment_makes_the_tick_of_its_name_due(ticks: Ticks) -> None:
    ticks.every("reports", 3_600)
    ticks.at("reports", moment_from("monday 08:00"), ZoneInfo("UTC"))
    with pytest.raises(KeyError):
        ticks.at("unknown", moment_from("07:00"), ZoneInfo("UTC"))
