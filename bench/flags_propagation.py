"""From the call that flips a flag to the last of twenty processes that serves it, also while the broker is killed."""

import asyncio
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path

import httpx
import msgspec
import uvloop

from bench.detect import nearest_rank
from bench.workloads.flag_fleet import Fleet, running
from payment_core.flags.arriving.mqtt import BrokerAddress, MqttBroker
from payment_core.flags.envelope import REPORT_TOPICS, Report
from payment_core.flags.errors import DocumentOutOfReach

PROCESSES = 20
FLIPS = 50
STORM = 200
BROKER_AWAY_SECONDS = 1.0
WAIT_SECONDS = 60


class Reports:
    """What the processes say of themselves, heard as the daemon hears it."""

    def __init__(self) -> None:
        self.newest: dict[str, Report] = {}
        self._changed = asyncio.Condition()

    async def listen(self, port: int) -> None:
        """Hear every report, over any number of brokers' lives."""
        address = BrokerAddress(url=f"mqtt://127.0.0.1:{port}", client_id="bench")
        while True:
            try:
                async with MqttBroker(address, [f"{REPORT_TOPICS}+"]).session() as session:
                    async for bodies in session.documents():
                        await self._take([msgspec.json.decode(body, type=Report) for body in bodies])
            except DocumentOutOfReach:
                await asyncio.sleep(0.05)

    async def _take(self, reports: list[Report]) -> None:
        async with self._changed:
            self.newest.update({report.process: report for report in reports})
            self._changed.notify_all()

    async def all_serve(self, version: int, processes: int) -> list[int]:
        """When each applied this version or a later one, Unix milliseconds, once all have."""
        async with asyncio.timeout(WAIT_SECONDS), self._changed:
            await self._changed.wait_for(lambda: len(self._of(version)) == processes)
        return [report.applied_at_ms for report in self._of(version)]

    def _of(self, version: int) -> list[Report]:
        return [report for report in self.newest.values() if report.version >= version]


@asynccontextmanager
async def heard(fleet: Fleet) -> AsyncIterator[Reports]:
    """The reports of a fleet, once every process has reported."""
    reports = Reports()
    async with asyncio.TaskGroup() as group:
        listening = group.create_task(reports.listen(fleet.broker.port), name="reports")
        await reports.all_serve(1, len(fleet.cores))
        yield reports
        listening.cancel()


async def flips(fleet: Fleet, reports: Reports, count: int) -> dict[str, object]:
    """Flip, wait for everybody, pay everywhere; times from before the call to each process's own word."""
    last_ms, each_ms, call_ms = [], [], []
    wrong = 0
    for number in range(count):
        kill = number % 2 == 0
        begun_ms = time.time_ns() / 1e6
        version = await fleet.flip(kill=kill)
        call_ms.append(time.time_ns() / 1e6 - begun_ms)
        applied = await reports.all_serve(version, len(fleet.cores))
        each_ms += [at_ms - begun_ms for at_ms in applied]
        last_ms.append(max(applied) - begun_ms)
        wanted = httpx.codes.SERVICE_UNAVAILABLE if kill else httpx.codes.CREATED
        statuses = [await fleet.pay(core) for core in fleet.cores]
        wrong += sum(status != wanted for status in statuses)
    return {
        "flips": count,
        "call_p50_ms": round(statistics.median(call_ms), 1),
        "each_process_p50_ms": round(statistics.median(each_ms), 1),
        "last_process_p50_ms": round(statistics.median(last_ms), 1),
        "last_process_p99_ms": round(nearest_rank(last_ms, 0.99), 1),
        "payments_tried": count * len(fleet.cores),
        "payments_answered_otherwise": wrong,
    }


async def storm(fleet: Fleet, reports: Reports, count: int) -> dict[str, object]:
    """Flip without waiting while the broker is killed and comes back; then everybody must be at the last version."""
    last = 0
    for number in range(count):
        last = await fleet.flip(kill=number % 2 == 0)
        if number == count // 2:
            await fleet.broker.kill()
        if number == count // 2 + count // 20:
            await asyncio.sleep(BROKER_AWAY_SECONDS)
            await fleet.broker.start()
    ended = time.perf_counter()
    await reports.all_serve(last, len(fleet.cores))
    seconds = time.perf_counter() - ended
    histories = [core.served() for core in fleet.cores]
    return {
        "flips": count,
        "seconds_from_the_last_flip_until_all_serve_it": round(seconds, 2),
        "processes_at_the_last_version": sum(history[-1] == last for history in histories),
        "versions_served_by_a_process": round(statistics.mean(map(len, histories)), 1),
        "steps_back": sum(after <= before for one in histories for before, after in pairwise(one)),
    }


async def measured(processes: int, count: int, stormy: int) -> dict[str, object]:
    """Everything, over one fleet."""
    with tempfile.TemporaryDirectory() as folder:
        async with running(Path(folder), processes) as fleet, heard(fleet) as reports:
            flipped = await flips(fleet, reports, count)
            return {"processes": processes, "flip": flipped, "broker_killed": await storm(fleet, reports, stormy)}


def figures(processes: int = PROCESSES, count: int = FLIPS, stormy: int = STORM) -> dict[str, object]:
    """The figures of one run."""
    return uvloop.run(measured(processes, count, stormy))
