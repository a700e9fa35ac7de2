"""Experiments and ramps are counted from the log of facts, each fact once, and a restart loses and repeats nothing."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from checks.facts import Fact, HealthProbed
from config.delivery.deployment import Deployments
from config.flags import FlagPolicy
from daemon.errors import CheckpointFailed
from daemon.flags.tally import FILE, ExperimentTally
from daemon.storage.checkpoint import StoredBatch
from daemon.storage.durable_file import DurableFile
from payment_core.flags.serving import EXPERIMENTS_MAX as NAMED_ON_PAYMENTS
from remediation.flags.experiments.findings import Verdict
from remediation.flags.exposures import EXPERIMENTS_MAX
from remediation.flags.model import FlagChange, Setting
from remediation.flags.ramp_gates import RampPolicy
from remediation.flags.state import FlagBook
from tests.unit.remediation.flags.exposed import START_MS, Behaviour, capture, drawn
from tests.unit.remediation.flags.journal_of_flags import DOCUMENT, ON, book_of, changed, ramp_at

FLAG = "payouts"
DRAW = '{"fractional": [["on", 50], ["off", 50]]}'
POLICY = RampPolicy.of(FlagPolicy(), Deployments())


class Log:
    """The checkpoint's log in memory. read_from: where each reading began."""

    def __init__(self, log_id: str = "log-1") -> None:
        self.log_id = log_id
        self.batches: list[StoredBatch] = []
        self.read_from: list[int] = []
        self.fails = False

    @property
    def newest_sequence(self) -> int:
        return len(self.batches)

    def add(self, facts: Sequence[Fact]) -> None:
        """What arrived with its newest fact."""
        arrived_ms = max(fact.at_ms for fact in facts)
        blob = msgspec.msgpack.encode(list(facts))
        self.batches.append(StoredBatch(len(self.batches) + 1, "payments", arrived_ms, blob))

    async def read(self, after: int, through: int, limit: int) -> list[StoredBatch]:
        await asyncio.sleep(0)
        if self.fails:
            raise CheckpointFailed("the disk is gone")
        self.read_from.append(after)
        return self.batches[after:through][:limit]


class Clock:
    """Stands still unless it is told otherwise."""

    def __init__(self) -> None:
        self.at_ms = START_MS

    def now_ms(self) -> int:
        return self.at_ms

    def monotonic_ms(self) -> float:
        return float(self.at_ms)

    async def sleep(self, seconds: float) -> None:
        self.at_ms += round(seconds * 1000)


class World:
    """A log, a book of flags, a clock and the folder in which counts are kept."""

    def __init__(self, folder: Path, book: FlagBook) -> None:
        self.path = folder / FILE
        self.log = Log()
        self.book = book
        self.clock = Clock()

    @asynccontextmanager
    async def tally(self) -> AsyncIterator[ExperimentTally]:
        """One life of a daemon."""
        tally = await ExperimentTally.open(self.path, self.log, lambda: self.book, lambda _: POLICY, self.clock)
        try:
            yield tally
        finally:
            await tally.close()

    def pay(self, payments: int, behaviours: dict[str, Behaviour], *, first: int = 0) -> None:
        """Payments of customers who were drawn, with captures, twenty in a batch."""
        rows = drawn({"on": 0.5, "off": 0.5}, behaviours, payments, first=first, seed=first)
        facts: list[Fact] = []
        for variant, attempt in rows:
            facts.append(replace(attempt, exposures=(f"{FLAG}={variant}", "other=on")))
            if attempt.outcome == "succeeded":
                facts.append(capture(attempt, 50_000_000))
            if len(facts) >= 20:
                self.log.add(facts)
                facts = []
        if facts:
            self.log.add(facts)


def _experiment() -> FlagBook:
    """The flag draws customers half and half, since START_MS."""
    document = msgspec.json.decode(DOCUMENT.document)
    document["flags"][FLAG]["metadata"]["experiment"] = True
    told = replace(DOCUMENT, document=msgspec.json.encode(document).decode())
    setting = Setting(variant="off", targeting=DRAW)
    return _since_start(book_of([told, changed(FlagChange.SET, setting)]))


def _ramp() -> FlagBook:
    return _since_start(book_of([DOCUMENT, changed(FlagChange.RAMP, ramp_at(50))]))


def _since_start(book: FlagBook) -> FlagBook:
    return replace(book, flags={key: replace(flag, set_at_ms=START_MS) for key, flag in book.flags.items()})


ALIKE = {"on": Behaviour(), "off": Behaviour()}


async def test_payments_are_counted_by_the_variant_of_their_customers(tmp_path: Path) -> None:
    world = World(tmp_path, _experiment())
    world.pay(100, ALIKE)
    async with world.tally() as tally:
        [report] = await tally.reports()
        assert report.flag == FLAG
        assert sum(variant.payments for variant in report.variants) == 100
        assert all(variant.cost_cents_per_payment == 50.0 for variant in report.variants)
        assert await tally.reports("payouts") == [report]
        assert await tally.reports("search") == []


async def test_every_fact_counts_once_however_often_is_asked(tmp_path: Path) -> None:
    world = World(tmp_path, _experiment())
    world.pay(60, ALIKE)
    async with world.tally() as tally:
        many = await asyncio.gather(*(tally.reports() for _ in range(5)), tally.tick())
        assert many[0] == many[4]
        world.pay(60, ALIKE, first=60)
        [report] = await tally.reports()
    assert sum(variant.payments for variant in report.variants) == 120


@pytest.mark.parametrize("kept_after", [0, 40, 100])
async def test_a_restart_loses_and_repeats_nothing(tmp_path: Path, kept_after: int) -> None:
    world, whole = World(tmp_path / "a", _experiment()), World(tmp_path / "b", _experiment())
    if kept_after:
        world.pay(kept_after, ALIKE)
        whole.pay(kept_after, ALIKE)
    async with world.tally() as tally:
        await tally.tick()
    for one in (world, whole):
        one.pay(100, ALIKE, first=kept_after)
    async with world.tally() as resumed, whole.tally() as straight:
        assert await resumed.reports() == await straight.reports()


async def test_what_was_not_kept_before_a_kill_is_counted_again(tmp_path: Path) -> None:
    world = World(tmp_path, _experiment())
    world.pay(40, ALIKE)
    async with world.tally() as tally:
        await tally.tick()
        world.clock.at_ms += 60_000
        await tally.tick()
        world.pay(40, ALIKE, first=40)
        [before] = await tally.reports()
        kept = world.path.with_name("as-it-was-killed.db")
        kept.write_bytes(world.path.read_bytes())
        wal = world.path.with_name(f"{FILE}-wal")
        kept.with_name(f"{kept.name}-wal").write_bytes(wal.read_bytes())
    world.path = kept
    world.log.read_from.clear()
    async with world.tally() as resumed:
        [after] = await resumed.reports()
    assert world.log.read_from[0] > 0, "it goes on from the place that was kept"
    # Costs are those of captures whose payments are remembered, and a kill forgets those before the kept place.
    assert after == before


async def test_the_steps_of_a_ramp_are_counted_over_a_restart(tmp_path: Path) -> None:
    world = World(tmp_path, _ramp())
    world.pay(200, {"on": Behaviour(failed=0.3), "off": Behaviour()})
    async with world.tally() as tally:
        readings = await tally.ramp(FLAG, "r1")
        assert readings is not None
        assert readings.new + readings.old == 200
        assert readings.heard_ms > START_MS
        assert await tally.ramp(FLAG, "r0") is None
    async with world.tally() as resumed:
        assert await resumed.ramp(FLAG, "r1") == readings


async def test_a_ramp_that_is_over_is_counted_no_more(tmp_path: Path) -> None:
    world = World(tmp_path, _ramp())
    async with world.tally() as tally:
        assert await tally.ramp(FLAG, "r1") is not None
        world.book = book_of([changed(FlagChange.REVERT)], world.book)
        assert await tally.ramp(FLAG, "r1") is None


async def test_another_step_begins_with_nothing_counted(tmp_path: Path) -> None:
    world = World(tmp_path, _ramp())
    world.pay(100, ALIKE)
    async with world.tally() as tally:
        assert await tally.ramp(FLAG, "r1") is not None
        later = book_of([changed(FlagChange.RAMP, ramp_at(100))], world.book)
        since_ms = world.log.batches[-1].arrived_at_ms + 1
        world.book = replace(later, flags={FLAG: replace(later.of(FLAG), set_at_ms=since_ms)})
        readings = await tally.ramp(FLAG, "r1")
    assert readings is not None
    assert (readings.percent, readings.since_ms, readings.new) == (100, since_ms, 0)


async def test_an_experiment_ends_when_the_flag_is_killed_and_a_revived_one_is_another(tmp_path: Path) -> None:
    world = World(tmp_path, _experiment())
    world.pay(50, ALIKE)
    async with world.tally() as tally:
        await tally.tick()
        world.book = book_of([changed(FlagChange.KILL)], world.book)
        world.pay(50, ALIKE, first=50)
        [ended] = await tally.reports()
        assert ended.ended_ms == world.clock.at_ms
        assert sum(variant.payments for variant in ended.variants) == 50
        assert ended.not_compared == "the flag is killed"
        world.book = book_of([changed(FlagChange.REVIVE)], world.book)
        [again] = await tally.reports()
    assert (again.ended_ms, again.verdict) == (0, Verdict.NO_DATA)


async def test_an_experiment_that_everybody_is_let_into_ends_with_what_was_told(tmp_path: Path) -> None:
    world = World(tmp_path, _experiment())
    world.pay(1_500, {"on": Behaviour(failed=0.3), "off": Behaviour(failed=0.0)})
    async with world.tally() as tally:
        [told] = await tally.reports()
        assert told.verdict is Verdict.WORSE
        world.book = book_of([changed(FlagChange.SET, ON)], world.book)
        [ended] = await tally.reports()
    assert (ended.verdict, ended.ended_ms) == (Verdict.WORSE, world.clock.at_ms)


async def test_the_first_experiments_by_name_are_counted_as_many_as_payments_name(tmp_path: Path) -> None:
    assert EXPERIMENTS_MAX == NAMED_ON_PAYMENTS
    draw = json.loads(DRAW)
    names = [f"flag-{number}" for number in range(EXPERIMENTS_MAX + 1)]
    flag = {"state": "ENABLED", "defaultVariant": "off", "metadata": {"experiment": True}, "targeting": draw}
    document = json.dumps({"flags": dict.fromkeys(names[1:], flag)})
    world = World(tmp_path, book_of([replace(DOCUMENT, document=document)]))
    async with world.tally() as tally:
        assert [one.flag for one in await tally.reports()] == names[1:]
        document = json.dumps({"flags": dict.fromkeys(names, flag)})
        world.book = book_of([replace(DOCUMENT, document=document)], world.book)
        reports = await tally.reports()
    assert [one.flag for one in reports if not one.ended_ms] == names[:-1]
    assert "come before this one by name" in reports[-1].not_compared


async def test_without_experiments_nothing_is_read(tmp_path: Path) -> None:
    world = World(tmp_path, book_of([DOCUMENT]))
    world.pay(100, ALIKE)
    async with world.tally() as tally:
        await tally.tick()
        assert await tally.reports() == []
    assert world.log.read_from == []


async def test_while_the_log_cannot_be_read_a_ramp_has_no_readings(tmp_path: Path) -> None:
    world = World(tmp_path, _ramp())
    world.pay(20, ALIKE)
    async with world.tally() as tally:
        world.log.fails = True
        assert await tally.ramp(FLAG, "r1") is None
        world.log.fails = False
        assert await tally.ramp(FLAG, "r1") is not None


async def test_counts_of_another_version_or_that_are_damaged_begin_anew_from_the_log(tmp_path: Path) -> None:
    world = World(tmp_path, _experiment())
    world.pay(40, ALIKE)
    async with world.tally() as tally:
        [whole] = await tally.reports()
    for damage in ("UPDATE place SET version = 99", "UPDATE states SET state = x'00'; UPDATE place SET sequence = 0"):
        file = DurableFile(world.path, CheckpointFailed)
        await file.open("")
        await file.run(lambda file=file, damage=damage: file.database.executescript(damage))  # type: ignore[misc]
        await file.close()
        async with world.tally() as tally:
            assert await tally.reports() == [whole]


async def test_another_log_is_counted_from_its_beginning_on_top_of_what_was_kept(tmp_path: Path) -> None:
    world = World(tmp_path, _experiment())
    world.pay(40, ALIKE)
    async with world.tally() as tally:
        await tally.tick()
    world.log = Log("log-2")
    world.pay(20, ALIKE, first=40)
    async with world.tally() as tally:
        [report] = await tally.reports()
    assert sum(variant.payments for variant in report.variants) == 60


async def test_facts_of_other_kinds_and_payments_of_nobody_exposed_are_passed_over(tmp_path: Path) -> None:
    world = World(tmp_path, _experiment())
    probe = HealthProbed(id="probe-1", at_ms=START_MS, subject="core", status="healthy", check="payment")
    attempts = [attempt for _, attempt in drawn({"on": 0.5, "off": 0.5}, ALIKE, 5)]
    world.log.add([probe, *attempts, capture(attempts[0], 1), replace(attempts[1], exposures=("", "=on", "payouts="))])
    async with world.tally() as tally:
        [report] = await tally.reports()
    assert report.verdict is Verdict.NO_DATA


async def test_a_capture_that_is_told_of_before_its_payment_counts(tmp_path: Path) -> None:
    world = World(tmp_path, _experiment())
    [(variant, attempt)] = drawn({"on": 1.0, "off": 0.0}, ALIKE, 1)
    world.log.add([capture(attempt, 70_000_000)])
    world.log.add([replace(attempt, outcome="succeeded", exposures=(f"{FLAG}={variant}",))])
    async with world.tally() as tally:
        [report] = await tally.reports()
    assert next(one.cost_cents_per_payment for one in report.variants if one.variant == "on") == 70.0
